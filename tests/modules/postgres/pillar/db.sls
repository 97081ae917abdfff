db_password: it's a secret
