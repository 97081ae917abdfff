#!/bin/sh
echo "{{ who }} {{ grains.id }}"
