{% set d = {'a': {'b': 1}} %}
case:
  file.managed:
    - name: {{ grains.root }}/out
    - contents: |
        {{ d | traverse('a:b') }} {{ d | traverse('a:x', 'no') }} {{ [{'k': [5, 6]}] | traverse('0:k:1') }} {{ d | set_dict_key_value('a:c', 2) }} {{ d | append_dict_key_value('l', 1) }} {{ d | extend_dict_key_value('l', [2]) }} {{ d | update_dict_key_value('a', {'z': 0}) }}
        {{ {'a': 1} | to_entries }} {{ [{'key': 'a', 'value': 1}] | from_entries }} {{ [1, [2, [none, 3]]] | flatten }} {{ [1, [2, [3]]] | flatten(levels=1) }} {{ 'abc' | method_call('upper') }} {{ [true, false] | exactly_one_true }} {{ [1, 1] | exactly_n_true(2) }}
        {{ {'a': 1} | compare_dicts({'a': 2}) }} {{ [1] | compare_lists([2]) }} {{ ['b', 'A'] | sorted_ignorecase }} {{ 'ab' | substring_in_list(['xabx']) }} {{ {'k': [1]} | dict_to_sls_yaml_params }} {{ ['a'] | check_whitelist_blacklist }} {{ 'web1' | check_whitelist_blacklist(['web*']) }}
        {{ {'ü': 'x'} | json_encode_dict }} {{ ['x'] | json_encode_list }} {{ 'x' | sequence }} {{ ['x'] | sequence }} {{ '1.5' | to_num }} {{ 'yes' | to_bool }} {{ '10K' | human_to_bytes }} {{ '1MB' | human_to_bytes(handle_metric=true) }}
