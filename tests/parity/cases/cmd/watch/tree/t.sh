#!/bin/sh
echo "$# $*" "$FOO"
exit ${RC-0}
