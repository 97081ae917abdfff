case:
  test.nop:
    - text: |
        <% if true %>a<% endif %> << 1 + 1 >> {{ not }} {% this %} <# gone #>
%% for i in [1, 2]:
    - n<< i >>: x
%% endfor
