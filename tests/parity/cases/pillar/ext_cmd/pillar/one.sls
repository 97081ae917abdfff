a: files
seen: {{ pillar.get("y", "none") }}
