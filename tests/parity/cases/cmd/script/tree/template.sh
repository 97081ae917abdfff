#!/bin/sh
echo 'hello {{ who }}'
