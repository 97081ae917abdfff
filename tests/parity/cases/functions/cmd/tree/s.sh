#!/bin/sh
echo "script $#"
exit 5
