#!/bin/sh
echo one
echo "changed=yes comment='would'"
