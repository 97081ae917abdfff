a: files
