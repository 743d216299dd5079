package maps

// AlgInit seeds the portable hash, the only one there is.
func AlgInit() {
	for i := range hashkey {
		hashkey[i] = uintptr(bootstrapRand())
	}
}
