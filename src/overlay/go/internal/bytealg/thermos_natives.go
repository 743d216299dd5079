package bytealg

import _ "unsafe" // for linkname

// Natives.

func Compare(a, b []byte) int

func Count(b []byte, c byte) int

func CountString(s string, c byte) int

func IndexByte(b []byte, c byte) int

func IndexByteString(s string, c byte) int

//go:linkname runtime_cmpstring runtime.cmpstring
func runtime_cmpstring(a, b string) int
