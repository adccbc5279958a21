use super::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Wake, Waker};
use std::thread;

#[derive(Default)]
struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn take_all(pool: &mut FramePool) -> Vec<FrameBuffer> {
    std::iter::from_fn(|| pool.take()).collect()
}

#[test]
fn a_pool_gives_as_many_as_it_has_and_again_when_they_are_back() {
    let mut pool = FramePool::new(4, 64);
    for _ in 0..3 {
        let taken = take_all(&mut pool);
        assert_eq!((taken.len(), pool.free(), pool.total()), (4, 0, 4));
        assert!(taken.iter().all(|buffer| buffer.len() == 64));
        drop(taken);
        assert_eq!(pool.free(), 4);
    }
}

#[test]
fn a_frame_dropped_on_its_own_thread_touches_nothing_shared() {
    let mut pool = FramePool::new(4, 64);
    drop(take_all(&mut pool));
    assert_eq!(pool.home.shared.len(), 0);
    assert_eq!(local::count(&pool.home), 4);
}

#[test]
fn frames_come_home_from_other_threads() {
    let mut pool = FramePool::new(64, 64);
    for _ in 0..10 {
        let frames: Vec<_> = take_all(&mut pool)
            .into_iter()
            .map(|buffer| buffer.filled(1))
            .collect();
        assert_eq!(frames.len(), 64);
        let mut frames = frames.into_iter();
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let share: Vec<_> = frames.by_ref().take(16).collect();
                thread::spawn(move || drop(share))
            })
            .collect();
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        assert_eq!((pool.free(), pool.home.shared.len()), (64, 64));
    }
}

#[test]
fn a_pool_that_moves_settles_anew_and_loses_nothing_when_the_old_thread_ends() {
    let mut pool = thread::spawn(|| {
        let mut pool = FramePool::new(8, 64);
        pool.settle();
        drop(take_all(&mut pool));
        assert_eq!(local::count(&pool.home), 8);
        pool
    })
    .join()
    .unwrap();
    pool.settle();
    assert!(pool.is_settled_here());
    let taken = take_all(&mut pool);
    assert_eq!(taken.len(), 8);
    drop(taken);
    assert_eq!(local::count(&pool.home), 8);
}

#[test]
fn levels_change_below_a_quarter_and_below_a_tenth() {
    let mut pool = FramePool::new(100, 64);
    let mut taken = Vec::new();
    let mut level_with_free = |free: usize| {
        while pool.free() > free {
            taken.extend(pool.take());
        }
        pool.level()
    };
    assert_eq!(level_with_free(100), PoolLevel::Ample);
    assert_eq!(level_with_free(25), PoolLevel::Ample);
    assert_eq!(level_with_free(24), PoolLevel::Low);
    assert_eq!(level_with_free(10), PoolLevel::Low);
    assert_eq!(level_with_free(9), PoolLevel::Scarce);
    assert_eq!(level_with_free(0), PoolLevel::Scarce);
    taken.clear();
    assert_eq!(pool.level(), PoolLevel::Ample);
}

#[test]
fn the_pool_may_go_before_its_frames() {
    let mut pool = FramePool::new(4, 64);
    let frames: Vec<_> = take_all(&mut pool)
        .into_iter()
        .map(|buffer| buffer.filled(64))
        .collect();
    let home = Arc::downgrade(&pool.home);
    drop(pool);
    assert!(frames.iter().all(|frame| frame.len() == 64));
    let (here, there) = frames.split_at(2);
    assert_eq!((here.len(), there.len()), (2, 2));
    thread::spawn(move || drop(frames)).join().unwrap();
    assert!(home.upgrade().is_none(), "what the pool shared is freed");
}

#[test]
fn nothing_is_left_of_a_pool_whose_frames_came_home_either_way() {
    let mut pool = FramePool::new(4, 64);
    pool.settle();
    let home = Arc::downgrade(&pool.home);
    let mut taken = take_all(&mut pool);
    let there = taken.split_off(2);
    drop(taken);
    thread::spawn(move || drop(there)).join().unwrap();
    drop(pool);
    assert!(home.upgrade().is_none());
}

/// A thread that never asked for a number is not mistaken for the home of a pool that has none any more.
#[test]
fn what_outlives_its_pool_is_freed_by_whoever_lets_go_of_it() {
    let mut pool = FramePool::new(1, 64);
    let home = Arc::downgrade(&pool.home);
    let taken = take_all(&mut pool);
    drop(pool);
    let is_gone = move || {
        drop(taken);
        home.upgrade().is_none()
    };
    assert!(thread::spawn(is_gone).join().unwrap());
}

#[test]
fn who_waits_for_a_buffer_is_woken_when_one_comes_home_from_any_thread() {
    let mut pool = FramePool::new(2, 64);
    let bell = Arc::new(Bell::default());
    let waker = Waker::from(Arc::clone(&bell));
    let mut context = Context::from_waker(&waker);
    pool.settle();
    assert!(pool.poll_free(&mut context, 2).is_ready());
    let mut taken = take_all(&mut pool);

    assert!(pool.poll_free(&mut context, 1).is_pending());
    drop(taken.pop());
    assert_eq!(bell.0.load(Ordering::SeqCst), 1);
    assert!(pool.poll_free(&mut context, 1).is_ready());

    assert!(pool.poll_free(&mut context, 2).is_pending());
    thread::spawn(move || drop(taken)).join().unwrap();
    assert_eq!(bell.0.load(Ordering::SeqCst), 2);
    assert!(pool.poll_free(&mut context, 2).is_ready());

    drop(take_all(&mut pool));
    assert_eq!(bell.0.load(Ordering::SeqCst), 2, "nobody waits any more");
}
