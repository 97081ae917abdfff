def word(): return "fresh"
