//! Futures that run side by side in one thread, in an order that is chosen.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use super::script::Dice;

pub(super) type Work<T> = Pin<Box<dyn Future<Output = T>>>;

/// Remembers that a future can get on, and wakes the task that polls all of them.
struct Flag {
    ready: AtomicBool,
    task: Mutex<Option<Waker>>,
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.ready.store(true, Ordering::SeqCst);
        if let Some(task) = &*self.task.lock().unwrap_or_else(PoisonError::into_inner) {
            task.wake_by_ref();
        }
    }
}

/// Polls these futures, one at a time, in the order of `order`, and returns what they answered. `ends` is asked before each
/// turn which of them are dropped; these answer `None`.
pub(super) async fn together<T>(
    works: Vec<Work<T>>,
    order: u32,
    mut ends: impl FnMut(u8, usize) -> bool,
) -> Vec<Option<T>> {
    let mut dice = Dice::new(order.into());
    let mut answers: Vec<Option<T>> = works.iter().map(|_| None).collect();
    let mut works: Vec<Option<(Work<T>, Arc<Flag>)>> = works
        .into_iter()
        .map(|work| Some((work, Arc::new(Flag { ready: AtomicBool::new(true), task: Mutex::new(None) }))))
        .collect();
    let mut turn = 0_u8;
    poll_fn(move |cx: &mut Context<'_>| {
        for (place, work) in works.iter_mut().enumerate() {
            if work.is_some() && ends(turn, place) {
                *work = None;
            }
        }
        let ready = |work: &Option<(Work<T>, Arc<Flag>)>| {
            work.as_ref().is_some_and(|(_, flag)| {
                *flag.task.lock().unwrap_or_else(PoisonError::into_inner) = Some(cx.waker().clone());
                flag.ready.load(Ordering::SeqCst)
            })
        };
        let can: Vec<usize> = (0..works.len()).filter(|place| ready(&works[*place])).collect();
        if !can.is_empty() {
            let place = can[dice.roll(u32::try_from(can.len()).unwrap_or(1)) as usize];
            if let Some((work, flag)) = &mut works[place] {
                flag.ready.store(false, Ordering::SeqCst);
                turn = turn.saturating_add(1);
                let waker = Waker::from(Arc::clone(flag));
                if let Poll::Ready(answer) = work.as_mut().poll(&mut Context::from_waker(&waker)) {
                    answers[place] = Some(answer);
                    works[place] = None;
                }
            }
            // The tasks that the library has spawned get their turn in between.
            cx.waker().wake_by_ref();
        }
        if works.iter().all(Option::is_none) { Poll::Ready(std::mem::take(&mut answers)) } else { Poll::Pending }
    })
    .await
}
