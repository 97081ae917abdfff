{% trans %}x{% endtrans %}
