#!/bin/sh
echo "in $(pwd) with $*" | sed 's,/root,~,'
