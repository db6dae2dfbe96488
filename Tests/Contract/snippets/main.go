package main

import (
	"encoding/json"
	"net/http"
	"os"
)

// Reads cases as JSON and says, for each, what README.md's function does.
func main() {
	var cases []struct {
		Headers map[string]string
		Body    []byte
		Key     string
	}
	if err := json.NewDecoder(os.Stdin).Decode(&cases); err != nil {
		panic(err)
	}
	said := []bool{}
	for _, one := range cases {
		header := http.Header{}
		for name, value := range one.Headers {
			header.Set(name, value)
		}
		said = append(said, IsFromSubgate(header, one.Body, one.Key))
	}
	if err := json.NewEncoder(os.Stdout).Encode(said); err != nil {
		panic(err)
	}
}
