// How many threads run Go code.

package runtime

// thermosOneThread, set to true here, gives a program that runs on a single
// thread: without a monitor, on one processor, and deterministic but for the
// outside. It is for finding faults in the compiler.
const thermosOneThread = false

// thermosProcs is the number of processors to start with where n are asked for.
func thermosProcs(n int32) int32 {
	if thermosOneThread {
		return 1
	}
	return n
}
