#!/bin/sh
echo before
exit 9
