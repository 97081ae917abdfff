{{ salt['fresh.word']() }}:
  fresh.done:
    - word: {{ grains.get('fresh_grain', 'no grain yet') }}
