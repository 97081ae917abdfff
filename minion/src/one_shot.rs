//! The heap of a program that does one thing and ends: `rsalt-call`.
//!
//! Rendering and compiling states makes hundreds of small values per state, and with glibc's heap a third of the
//! time went into it. Here a small piece is the next of its size or the one that was freed last; what a thread
//! has freed it keeps. A minion, which lives for months and gives memory back ([`crate::memory`]), has glibc's heap.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr::{NonNull, null_mut};

use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous};

/// Larger pieces, and those aligned to more than [`STEP`], are the system's.
const LARGEST: usize = 1024;
/// Sizes are rounded up to multiples of this; it is also how all pieces are aligned.
const STEP: usize = 16;
/// What is asked of the system at once.
const SLAB: usize = 256 * 1024;

/// To be named as the `#[global_allocator]`.
pub struct OneShot;

/// A freed piece: where the next of its size is.
struct Freed(Option<NonNull<Freed>>);

/// What a thread has.
struct Heap {
    freed: [Cell<Option<NonNull<Freed>>>; LARGEST / STEP],
    next: Cell<*mut u8>,
    left: Cell<usize>,
}

thread_local! {
    // Without a destructor it is there until the very end of its thread.
    static HEAP: Heap = const {
        Heap { freed: [const { Cell::new(None) }; LARGEST / STEP], next: Cell::new(null_mut()), left: Cell::new(0) }
    };
}

/// Which of the sizes; none when it is the system's.
fn size_of_kind(layout: Layout) -> Option<usize> {
    let small = layout.size() <= LARGEST && layout.size() > 0 && layout.align() <= STEP;
    small.then(|| (layout.size() - 1) / STEP)
}

/// Memory from the system with its pages in place: to fault them in one by one takes twice as long.
#[cold]
fn slab() -> *mut u8 {
    // SAFETY: the system chooses where, so that nothing that is there is touched.
    let mapped = unsafe {
        mmap_anonymous(
            null_mut(),
            SLAB,
            ProtFlags::READ | ProtFlags::WRITE,
            MapFlags::PRIVATE | MapFlags::POPULATE,
        )
    };
    mapped.map_or(null_mut(), |slab| slab.cast())
}

impl Heap {
    fn take(&self, kind: usize) -> *mut u8 {
        let Some(first) = self.freed.get(kind) else { return null_mut() };
        if let Some(piece) = first.get() {
            // SAFETY: what is in the list was freed, is at least so large and belongs to nobody else.
            first.set(unsafe { piece.as_ref() }.0);
            return piece.as_ptr().cast();
        }
        let size = (kind + 1) * STEP;
        if self.left.get() < size {
            // The rest of the slab before is left unused.
            let slab = slab();
            if slab.is_null() {
                return slab;
            }
            self.next.set(slab);
            self.left.set(SLAB);
        }
        let piece = self.next.get();
        self.next.set(piece.wrapping_add(size));
        self.left.set(self.left.get() - size);
        piece
    }

    /// # Safety
    /// The piece is of that kind and nobody uses it any more.
    unsafe fn give(&self, piece: *mut u8, kind: usize) {
        let (Some(first), Some(piece)) = (self.freed.get(kind), NonNull::new(piece.cast::<Freed>())) else {
            return;
        };
        // SAFETY: it is free, large enough and aligned for this.
        unsafe { piece.write(Freed(first.get())) };
        first.set(Some(piece));
    }
}

// SAFETY: pieces are as large and aligned as they were asked for, a piece is in one list or in use, and lists are
// of one thread. Which thread frees a piece does not matter: slabs are never given back.
unsafe impl GlobalAlloc for OneShot {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match size_of_kind(layout) {
            Some(kind) => HEAP.with(|heap| heap.take(kind)),
            // SAFETY: the caller's promise.
            None => unsafe { System.alloc(layout) },
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if size_of_kind(layout).is_none() {
            // SAFETY: the caller's promise.
            return unsafe { System.alloc_zeroed(layout) };
        }
        // SAFETY: the piece is as large.
        unsafe {
            let piece = self.alloc(layout);
            if !piece.is_null() {
                piece.write_bytes(0, layout.size());
            }
            piece
        }
    }

    unsafe fn dealloc(&self, piece: *mut u8, layout: Layout) {
        match size_of_kind(layout) {
            // SAFETY: it was taken with this layout.
            Some(kind) => HEAP.with(|heap| unsafe { heap.give(piece, kind) }),
            // SAFETY: the caller's promise.
            None => unsafe { System.dealloc(piece, layout) },
        }
    }

    unsafe fn realloc(&self, piece: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller promises that the size is one of a layout.
        let wanted = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        match (size_of_kind(layout), size_of_kind(wanted)) {
            (Some(before), Some(after)) if before == after => piece,
            // SAFETY: it is the system's before and after.
            (None, None) => unsafe { System.realloc(piece, layout, size) },
            // SAFETY: both are at least as large as what is copied, and they are two.
            _ => unsafe {
                let moved = self.alloc(wanted);
                if !moved.is_null() {
                    moved.copy_from_nonoverlapping(piece, layout.size().min(size));
                    self.dealloc(piece, layout);
                }
                moved
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(size: usize, align: usize) -> Layout {
        Layout::from_size_align(size, align).unwrap()
    }

    /// Fills a piece so that an overlap with another one is seen.
    unsafe fn fill(piece: *mut u8, size: usize, with: u8) {
        assert!(!piece.is_null());
        unsafe { piece.write_bytes(with, size) };
    }

    unsafe fn holds(piece: *mut u8, size: usize, with: u8) -> bool {
        unsafe { std::slice::from_raw_parts(piece, size) }.iter().all(|b| *b == with)
    }

    #[test]
    fn pieces_of_all_sizes_are_apart_and_aligned() {
        let heap = OneShot;
        let mut pieces = Vec::new();
        for round in 0..20 {
            for size in [1, 8, 15, 16, 17, 24, 48, 100, 255, 256, 1000, 1023, 1024, 1025, 5000] {
                for align in [1, 8, 16, 64] {
                    let layout = layout(size, align);
                    let with = (pieces.len() % 251) as u8;
                    let piece = unsafe { heap.alloc(layout) };
                    assert_eq!(piece as usize % align, 0);
                    unsafe { fill(piece, size, with) };
                    pieces.push((piece, layout, with));
                }
            }
            // Every third is freed again, and what comes next may be put there.
            let mut number = round;
            pieces.retain(|(piece, layout, with)| {
                number += 1;
                assert!(unsafe { holds(*piece, layout.size(), *with) });
                if number % 3 == 0 {
                    unsafe { heap.dealloc(*piece, *layout) };
                }
                number % 3 != 0
            });
        }
        for (piece, layout, with) in pieces {
            assert!(unsafe { holds(piece, layout.size(), with) });
            unsafe { heap.dealloc(piece, layout) };
        }
    }

    #[test]
    fn a_piece_that_grows_and_shrinks_keeps_what_is_in_it() {
        let heap = OneShot;
        let mut size = 10;
        let mut piece = unsafe { heap.alloc(layout(size, 8)) };
        unsafe { fill(piece, size, 7) };
        for next in [12, 16, 17, 500, 1024, 1025, 9000, 20_000, 1024, 300, 10] {
            piece = unsafe { heap.realloc(piece, layout(size, 8), next) };
            size = next;
            assert!(unsafe { holds(piece, 10, 7) });
        }
        unsafe { heap.dealloc(piece, layout(size, 8)) };
    }

    #[test]
    fn what_is_freed_is_used_again() {
        let heap = OneShot;
        let first = unsafe { heap.alloc(layout(40, 8)) };
        unsafe { heap.dealloc(first, layout(40, 8)) };
        let second = unsafe { heap.alloc(layout(33, 4)) };
        assert_eq!(first, second);
        unsafe { heap.dealloc(second, layout(33, 4)) };
    }

    #[test]
    fn one_thread_may_free_what_another_has_made() {
        let heap = OneShot;
        let piece = unsafe { heap.alloc(layout(64, 8)) } as usize;
        let freed_there = move || unsafe {
            heap.dealloc(piece as *mut u8, layout(64, 8));
            OneShot.alloc(layout(64, 8)) as usize
        };
        assert_eq!(std::thread::spawn(freed_there).join().unwrap(), piece);
    }
}
