hello: {{ who }}
