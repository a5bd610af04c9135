//go:build !(linux || darwin || dragonfly || freebsd || netbsd || openbsd)

package main

// quiet does nothing where the terminal is no Unix one.
func quiet() (restore func()) { return func() {} }
