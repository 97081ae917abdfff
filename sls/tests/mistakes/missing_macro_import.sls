{{ make_user('bob') }}
