package main

import _ "example.com/not/for/this/system"
