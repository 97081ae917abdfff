a: files
seen: {{ pillar.get("y", "none") }}
asked: {{ salt["pillar.get"]("y", "none") }}
