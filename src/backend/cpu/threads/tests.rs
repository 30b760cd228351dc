//! Teams: who works, who waits, and what a panic leaves.
#![allow(clippy::unwrap_used)] // a panic is how a test fails

use super::*;
use std::panic::AssertUnwindSafe;

fn numbers(team: &Team, threads: usize) -> Vec<usize> {
    let seen = Mutex::new(Vec::new());
    team.on_each(threads, &|thread| seen.lock().unwrap().push(thread));
    let mut seen = seen.into_inner().unwrap();
    seen.sort_unstable();
    seen
}

#[test]
fn every_thread_works_once_hot_and_cold() {
    let team = Team::new(4).unwrap();
    for round in 0..2000 {
        assert_eq!(numbers(&team, 4), [0, 1, 2, 3]);
        assert_eq!(numbers(&team, 2), [0, 1]);
        if round % 500 == 0 {
            std::thread::sleep(LOOKOUT * 10); // all have left
        }
    }
    assert_eq!(numbers(&team, 99), [0, 1, 2, 3]);
    assert_eq!(numbers(&Team::new(1).unwrap(), 8), [0]);
}

#[test]
fn pieces_are_handed_out_once_hot_cold_and_too_short_to_wait_for() {
    let team = Team::new(3).unwrap();
    for round in 0..3000_usize {
        let pieces = round % 40;
        let taken: Vec<_> = (0..pieces).map(|_| AtomicUsize::new(0)).collect();
        team.share_out(pieces, &|thread, mine| {
            assert!(thread < 3);
            mine.for_each(|piece| {
                taken[piece].fetch_add(1, Ordering::Relaxed);
            });
        });
        assert!(taken.iter().all(|times| times.load(Ordering::Relaxed) == 1), "round {round}");
        if round % 500 == 0 {
            std::thread::sleep(LOOKOUT * 10); // all have left
        }
    }
    assert_eq!(numbers(&team, 3), [0, 1, 2], "all workers are still there");
}

#[test]
fn a_worker_that_is_asleep_is_not_waited_for() {
    let team = Team::new(2).unwrap();
    // The pool's only thread is held up, so nobody can come.
    let hold = std::sync::Barrier::new(2);
    let done = std::thread::scope(|scope| {
        scope.spawn(|| team.pool.as_ref().unwrap().install(|| hold.wait()));
        std::thread::sleep(Duration::from_millis(20)); // the pool is busy before work is handed out
        let done = AtomicUsize::new(0);
        for _ in 0..3 {
            team.share_out(10, &|thread, mine| {
                assert_eq!(thread, 0);
                done.fetch_add(mine.count(), Ordering::Relaxed);
            });
        }
        hold.wait();
        done.into_inner()
    });
    assert_eq!(done, 30);
    assert_eq!(numbers(&team, 2), [0, 1]);
}

#[test]
fn a_second_caller_computes_alone() {
    let team = Team::new(2).unwrap();
    let sums: Vec<_> = std::thread::scope(|scope| {
        let caller = || {
            (0..500).all(|_| {
                let sum = AtomicUsize::new(0);
                team.share_out(100, &|_, mine| {
                    sum.fetch_add(mine.sum(), Ordering::Relaxed);
                });
                sum.into_inner() == 4950
            })
        };
        let callers: Vec<_> = (0..3).map(|_| scope.spawn(caller)).collect();
        callers.into_iter().map(|caller| caller.join().unwrap()).collect()
    });
    assert_eq!(sums, [true; 3]);
}

#[test]
fn nobody_comes_before_who_waits_for_all_threads() {
    let team = Team::new(3).unwrap();
    let threads = |team: &Team| {
        let seen = Mutex::new(Vec::new());
        team.share_out(300, &|thread, pieces| {
            let count = pieces.inspect(|_| std::thread::sleep(Duration::from_micros(10))).count();
            seen.lock().unwrap().push((thread, count));
        });
        seen.into_inner().unwrap()
    };
    let waiting = Waiting::new(&team.awaited);
    assert_eq!((threads(&team), numbers(&team, 3)), (vec![(0, 300)], vec![0]), "they compute alone");
    drop(waiting);
    assert_eq!(numbers(&team, 3), [0, 1, 2]);
    assert_eq!(threads(&team).iter().map(|(_, count)| count).sum::<usize>(), 300);
}

#[test]
fn who_needs_all_threads_waits_for_another_caller() {
    let (team, begun) = (Team::new(3).unwrap(), std::sync::Barrier::new(2));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            team.on_each(3, &|thread| {
                if thread == 0 {
                    begun.wait();
                    std::thread::sleep(TURN * 500);
                }
            });
        });
        begun.wait();
        let seen = Mutex::new(Vec::new());
        team.on_all(&|thread| seen.lock().unwrap().push(thread));
        let mut seen = seen.into_inner().unwrap();
        seen.sort_unstable();
        assert_eq!(seen, [0, 1, 2]);
    });
}

#[test]
fn every_item_is_taken_once() {
    let team = Team::new(3).unwrap();
    for (threads, shares, len) in [(1, 1, 5), (3, 3, 40), (3, 1, 40), (2, 7, 9), (3, 0, 0)] {
        let mut items = vec![0; shares * len];
        let parts = items.chunks_mut(len.max(1)).map(<[_]>::iter_mut);
        team.take_all(threads, parts, || (), |(), item: &mut i32| *item += 1);
        assert!(items.iter().all(|taken| *taken == 1), "{threads} threads, {shares} shares of {len}");
    }
}

#[test]
fn a_panic_reaches_the_caller_and_leaves_the_team_whole() {
    let team = Team::new(3).unwrap();
    for thrower in [0, 2] {
        let caught = std::panic::catch_unwind(AssertUnwindSafe(|| {
            team.on_each(3, &|thread| assert_ne!(thread, thrower, "thrown on purpose"));
        }));
        assert!(caught.is_err());
        assert_eq!(numbers(&team, 3), [0, 1, 2]);
    }
}
