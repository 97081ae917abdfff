base: ["a"]
