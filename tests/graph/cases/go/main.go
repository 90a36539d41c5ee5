package main

import (
	"fmt"

	"example.org/shop/store"
)

type Adder interface{ Add(string) }

func main() {
	s := store.New()
	s.Add("x")
	fmt.New()
	helper(3)
}
