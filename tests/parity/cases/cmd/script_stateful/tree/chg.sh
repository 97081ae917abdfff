#!/bin/sh
echo one
echo "changed=yes comment='from script'"
