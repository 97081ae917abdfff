no dict:
  note.no_dict: []
no changes:
  note.no_changes: []
nothing:
  note.nothing_of_the_kind: []
missing:
  note.present: []
