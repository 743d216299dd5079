// The collector's view of a goroutine's stack: every word may be a pointer.

package runtime

import (
	"internal/goarch"
	"unsafe"
)

// scanstack greys whatever gp's stack may point to and returns the number of
// bytes looked at. It needs no stack maps and no unwinder: the switching stubs
// leave every live register on the stack.
//
//go:nowritebarrier
//go:systemstack
func scanstack(gp *g, gcw *gcWork) int64 {
	status := readgstatus(gp)
	if status&_Gscan == 0 {
		print("runtime: scanstack: gp=", gp, ", goid=", gp.goid, ", gp->atomicstatus=", hex(status), "\n")
		throw("scanstack - bad status")
	}
	switch status &^ _Gscan {
	case _Gdead, _Gdeadextra:
		return 0
	case _Grunnable, _Gsyscall, _Gwaiting, _Gleaked:
	default:
		print("runtime: gp=", gp, ", goid=", gp.goid, ", gp->atomicstatus=", hex(status), "\n")
		throw("scanstack: goroutine not stopped")
	}
	if gp == getg() {
		throw("can't scan our own stack")
	}

	sp := gp.sched.sp
	if gp.syscallsp != 0 {
		sp = gp.syscallsp
	}
	size := gp.stack.hi - sp
	pp := getg().m.p.ptr()
	pp.scannedStackSize += uint64(size)
	pp.scannedStacks++

	scanConservative(sp, size, nil, gcw, nil)

	// What a goroutine holds outside its stack and outside fields the collector scans.
	if gp.sched.ctxt != nil {
		scanblock(uintptr(unsafe.Pointer(&gp.sched.ctxt)), goarch.PtrSize, &oneptrmask[0], gcw, nil)
	}
	for d := gp._defer; d != nil; d = d.link {
		scanConservative(uintptr(unsafe.Pointer(&d)), goarch.PtrSize, nil, gcw, nil)
		scanConservative(uintptr(unsafe.Pointer(&d.fn)), goarch.PtrSize, nil, gcw, nil)
		scanConservative(uintptr(unsafe.Pointer(&d.link)), goarch.PtrSize, nil, gcw, nil)
	}
	return int64(size)
}
