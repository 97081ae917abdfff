#!/bin/sh
echo "{{ a | default('no a') }} {{ b | default('no b') }} {{ grains.id }}"
