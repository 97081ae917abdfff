def fresh(): return {"fresh_grain": "grain"}
