// Goroutine stacks that never move: each is a fixed reservation of address
// space, of which the kernel supplies the pages that are touched.

package runtime

import (
	"internal/runtime/atomic"
	"unsafe"
)

const (
	// thermosStackSize is the address space of one stack. 47 bits of address
	// space hold half a million of them.
	thermosStackSize = 256 << 20

	// thermosStackBatch is how many stacks are reserved by one system call.
	// Neighbours merge into one kernel mapping.
	thermosStackBatch = 64

	// thermosScannableStack is what one goroutine counts for in the pacer. Its
	// address space says nothing about how much there is to scan.
	thermosScannableStack = 8 << 10

	thermosMapNoReserve = 0x4000 // MAP_NORESERVE
)

var thermosStacks struct {
	lock mutex

	// free is the upper end of the stack freed last. The word below an upper
	// end holds the next one.
	free uintptr

	// next and end bound what is left of the newest reservation.
	next, end uintptr
}

// stackalloc hands out a stack. The size asked for does not matter: address
// space is free, and all stacks being of one size they can serve any purpose.
//
//go:systemstack
func stackalloc(n uint32) stack {
	s := &thermosStacks
	lock(&s.lock)
	hi := s.free
	if hi != 0 {
		s.free = *(*uintptr)(unsafe.Pointer(hi - 8))
		unlock(&s.lock)
		return stack{hi - thermosStackSize, hi}
	}
	if s.next == s.end {
		thermosReserveStacks()
	}
	lo := s.next
	s.next += thermosStackSize
	unlock(&s.lock)
	return stack{lo, lo + thermosStackSize}
}

// thermosReserveStacks refills thermosStacks, whose lock is held.
//
//go:systemstack
func thermosReserveStacks() {
	for count := uintptr(thermosStackBatch); count > 0; count /= 2 {
		size := count * thermosStackSize
		p, err := mmap(nil, size, _PROT_READ|_PROT_WRITE, _MAP_ANON|_MAP_PRIVATE|thermosMapNoReserve, -1, 0)
		if err == 0 {
			// A huge page would cost 2 MiB for each goroutine.
			madvise(p, size, _MADV_NOHUGEPAGE)
			thermosStacks.next = uintptr(p)
			thermosStacks.end = uintptr(p) + size
			return
		}
	}
	throw("out of memory (no address space for a goroutine stack)")
}

// stackfree takes a stack back. Its memory goes to the kernel, but for the
// page with the link.
//
//go:systemstack
func stackfree(stk stack) {
	if stk.hi-stk.lo != thermosStackSize {
		throw("stackfree: not a stack of stackalloc")
	}
	madvise(unsafe.Pointer(stk.lo), thermosStackSize-physPageSize, _MADV_DONTNEED)
	s := &thermosStacks
	lock(&s.lock)
	*(*uintptr)(unsafe.Pointer(stk.hi - 8)) = s.free
	s.free = stk.hi
	unlock(&s.lock)
}

// malg makes a g, with a stack unless stacksize is negative.
func malg(stacksize int32) *g {
	newg := new(g)
	if stacksize >= 0 {
		systemstack(func() {
			newg.stack = stackalloc(fixedStack)
		})
		newg.stackguard0 = newg.stack.lo + stackGuard
		newg.stackguard1 = ^uintptr(0)
	}
	return newg
}

// thermosGfget hands out a dead g, without the pointers that its last
// goroutine left where the next one's first frames will be.
func thermosGfget(pp *p) *g {
	gp := gfget(pp)
	if gp != nil && gp.stack.hi != 0 {
		const recent = 1 << 10
		memclrNoHeapPointers(unsafe.Pointer(gp.stack.hi-recent), recent)
	}
	return gp
}

// newstack runs on g0 when a function on a goroutine found its stack pointer
// below stackguard0: to be preempted, or because the stack is full. The
// goroutine's registers are on its own stack, gobuf says where it goes on.
func newstack() {
	mp := getg().m
	gp := mp.curg
	guard := atomic.Loaduintptr(&gp.stackguard0)
	if guard == stackFork {
		// Not all that gc inlines into the child's function is inlined by us.
		if gp.sched.sp >= gp.stack.lo+stackGuard {
			gogo(&gp.sched)
		}
		throw("stack growth after fork")
	}
	if gp.stack.lo == 0 {
		throw("missing stack in newstack")
	}
	mp.morebuf = gobuf{}

	if guard == stackPreempt && !gp.throwsplit && canPreemptM(mp) {
		if mp.p == 0 && mp.locks == 0 {
			throw("runtime: g is running but p is not")
		}
		gp.preemptShrink = false
		gp.syncSafePoint = true
		if gp.preemptStop {
			preemptPark(gp) // never returns
		}
		gopreempt_m(gp) // never returns
	}

	// stackPreempt is above every address: what follows tells a full stack from a request.
	sp := gp.sched.sp
	if limit := gp.stack.lo + stackGuard; sp < limit {
		// The traceback begins with the function that was called, not with the
		// frame that keeps its registers.
		bp := gp.sched.bp
		gp.sched.sp = bp + 16
		gp.sched.pc = *(*uintptr)(unsafe.Pointer(bp + 8))
		gp.sched.bp = *(*uintptr)(unsafe.Pointer(bp))
		print("runtime: goroutine stack exceeds ", maxstacksize, "-byte limit\n")
		print("runtime: sp=", hex(sp), " stack=[", hex(gp.stack.lo), ", ", hex(gp.stack.hi), "]\n")
		throw("stack overflow")
	}
	if !gp.throwsplit {
		gp.stackguard0 = gp.stack.lo + stackGuard
	}
	gogo(&gp.sched)
}

// Stacks do not change their size.

func shrinkstack(gp *g) {}

func copystack(gp *g, newsize uintptr) {
	throw("stacks do not move")
}

func gcComputeStartingStackSize() {}
