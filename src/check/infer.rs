// THE LEAD IS WRITING THIS FILE (see /work/tmp/ASK-types.md): do not write it.
