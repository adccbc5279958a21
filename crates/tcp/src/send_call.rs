//! SEND (RFC 9293 3.10.2): how much of a write is taken, how it fills the send queue's buffers, and when it pushes them out:
//! Linux's `tcp_sendmsg`.

use crate::chronograph::Limit;
use crate::release::Nagle;
use crate::send_buffers::BUFFER_OVERHEAD;
use crate::{Connection, Context, MemoryBudget, State, StreamError, Sysctls};
use bytes::Bytes;
use std::io::IoSlice;

/// What a write took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// So many bytes, at least one (or none, if none were given).
    Accepted(usize),
    /// The send queue is full: [`Connection::take_readiness`] will say when it is not.
    Wait,
}

/// A piece of a write of several.
#[derive(Clone, Copy, Debug)]
pub enum Piece<'a> {
    /// To be copied.
    Copied(&'a [u8]),
    /// To be shared: what fits of it is queued as a clone, unless it is so small that keeping it apart costs more than a copy.
    Shared(&'a Bytes),
}

impl Piece<'_> {
    /// Bytes.
    pub fn len(&self) -> usize {
        match self {
            Self::Copied(bytes) => bytes.len(),
            Self::Shared(bytes) => bytes.len(),
        }
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What a write says of itself, as the flags of `sendmsg` do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SendFlags {
    /// More is to be written soon: what does not fill a segment waits for it (`MSG_MORE`), though at most until the persist
    /// timer expires.
    pub more: bool,
    /// A record ends here: no later write shares a segment with this one (`MSG_EOR`).
    pub end_of_record: bool,
}

/// The least that a send buffer can be set to, doubling included: two small segments, as Linux counts them (`SOCK_MIN_SNDBUF`).
const LEAST: usize = 2 * (2048 + 256);
/// Bytes of headers and bookkeeping of a segment, as Linux counts them when it sizes a send buffer (`MAX_TCP_HEADER` and
/// `skb_shared_info`), and those of the `sk_buff` itself.
const SEGMENT_OVERHEAD: (usize, usize) = (320 + 320, 256);
/// The initial window (RFC 6928 2), for which a send buffer has room from the beginning.
const INITIAL_WINDOW: usize = 10;

impl Connection {
    #[inline]
    fn may_write(&self) -> Result<(), StreamError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        match self.state {
            State::SynSent | State::SynReceived if !self.close_queued => Ok(()),
            state if state.may_send() => Ok(()),
            _ => Err(StreamError::BrokenPipe),
        }
    }

    /// Queues a copy of as much of `data` as fits (SEND, RFC 9293 3.10.2).
    ///
    /// # Errors
    /// The reason why the connection is over, or [`StreamError::BrokenPipe`] after the sending direction was closed.
    pub fn write(&mut self, context: &mut Context<'_>, data: &[u8]) -> Result<Write, StreamError> {
        self.send(context, data, SendFlags::default())
    }

    /// The same with flags.
    ///
    /// # Errors
    /// As [`Connection::write`].
    pub fn send(
        &mut self,
        context: &mut Context<'_>,
        data: &[u8],
        flags: SendFlags,
    ) -> Result<Write, StreamError> {
        self.may_write()?;
        let count = self.fill(context, data.len(), flags);
        self.send_queue.push_copy(&data[..count], context.spare);
        Ok(self.written(context, count, data.len()))
    }

    /// Queues as much of `data` as fits, without a copy, and cuts it off the front.
    ///
    /// # Errors
    /// As [`Connection::write`].
    pub fn write_bytes(
        &mut self,
        context: &mut Context<'_>,
        data: &mut Bytes,
    ) -> Result<Write, StreamError> {
        self.may_write()?;
        let offered = data.len();
        let count = self.fill(context, offered, SendFlags::default());
        self.send_queue
            .push_bytes(data.split_to(count), context.spare);
        Ok(self.written(context, count, offered))
    }

    /// Queues copies of as many bytes of `data`, one slice after the other, as fit: one write, as `writev` is.
    ///
    /// # Errors
    /// As [`Connection::write`].
    pub fn write_vectored(
        &mut self,
        context: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Result<Write, StreamError> {
        self.may_write()?;
        let offered = data.iter().map(|slice| slice.len()).sum();
        let count = self.fill(context, offered, SendFlags::default());
        let mut left = count;
        for slice in data {
            let length = slice.len().min(left);
            self.send_queue.push_copy(&slice[..length], context.spare);
            left -= length;
        }
        Ok(self.written(context, count, offered))
    }

    /// The same with pieces of which some are not copied.
    ///
    /// # Errors
    /// As [`Connection::write`].
    pub fn write_pieces(
        &mut self,
        context: &mut Context<'_>,
        pieces: &[Piece<'_>],
    ) -> Result<Write, StreamError> {
        self.may_write()?;
        let offered = pieces.iter().map(Piece::len).sum();
        let count = self.fill(context, offered, SendFlags::default());
        let mut left = count;
        for piece in pieces {
            let length = piece.len().min(left);
            left -= length;
            match piece {
                Piece::Copied(data) => self.send_queue.push_copy(&data[..length], context.spare),
                Piece::Shared(data) if length > 0 => {
                    self.send_queue
                        .push_bytes(data.slice(..length), context.spare);
                }
                Piece::Shared(_) => {}
            }
        }
        Ok(self.written(context, count, offered))
    }

    /// The send queue is fuller by `count` of the `offered` bytes.
    #[inline]
    fn written(&mut self, context: &Context<'_>, count: usize, offered: usize) -> Write {
        if count > 0 && self.chronograph.limit() != Limit::ReceiveWindow {
            self.chronograph.turn(context.now, Limit::Busy);
        }
        self.wants.writable = count < offered;
        if count == 0 && offered > 0 {
            Write::Wait
        } else {
            Write::Accepted(count)
        }
    }

    /// Makes room for as many of the `offered` bytes as the send queue takes, pushing out what is full on the way. Returns how
    /// many; the bytes themselves are to be queued by the caller.
    #[inline]
    fn fill(&mut self, context: &Context<'_>, offered: usize, flags: SendFlags) -> usize {
        self.give_back_after_idle(context);
        if flags == SendFlags::default() && self.may_go_at_once(context, offered) {
            self.let_go_at_once(context, offered as u32);
            return offered;
        }
        let share = self.send_share(context.memory);
        let room = share.saturating_sub(self.send_queue.len());
        let wanted = offered.min(room);
        let mut count = 0;
        while count < wanted {
            let goal = self.size_goal();
            let left = (wanted - count) as u32;
            let (length, is_next) = match self.send_buffers.tail() {
                Some((start, tail))
                    if !tail.end_of_record && ((tail.end - start) as u32) < goal =>
                {
                    let added = left.min(goal - (tail.end - start) as u32);
                    tail.end += u64::from(added);
                    if count == 0 {
                        tail.push = false;
                    }
                    count += added as usize;
                    (
                        (tail.end - start) as u32,
                        start == self.send_buffers.released,
                    )
                }
                _ => {
                    if !self.has_room(context, self.send_queue.len() + count) {
                        break;
                    }
                    self.restart_after_idle(context);
                    self.send_buffers.push_now = false;
                    let added = left.min(goal);
                    let is_next = self.send_buffers.unreleased() == 0;
                    self.send_buffers.push(added, context.now);
                    count += added as usize;
                    (added, is_next)
                }
            };
            if count == offered {
                if let Some((_, tail)) = self.send_buffers.tail() {
                    tail.end_of_record = flags.end_of_record;
                }
                break;
            }
            if length < goal {
                continue;
            }
            if self.must_push() {
                self.mark_push();
                self.push(context, Nagle::Push);
            } else if is_next {
                self.release_text(context, Nagle::Push, true);
            }
        }
        if count == 0 {
            return 0;
        }
        if count < offered {
            self.mark_push();
            self.push(context, Nagle::Push); // the writer waits: nothing is to be gained by holding back
            return count;
        }
        if !flags.more || self.must_push() {
            self.mark_push();
        }
        let nagle = if flags.more {
            Nagle::Cork
        } else {
            self.nagle()
        };
        self.push(context, nagle);
        count
    }

    /// Whether the `offered` bytes are no more than a segment, nothing is before them, and nothing holds them back: an answer, mostly.
    #[inline]
    fn may_go_at_once(&self, context: &Context<'_>, offered: usize) -> bool {
        let (buffers, mss) = (&self.send_buffers, self.current_segment_size());
        let window_end = self.una_offset + u64::from(self.snd.wnd);
        let queued = self.send_queue.len();
        self.state == State::Established
            && offered > 0
            && offered <= mss as usize
            && !self.has_unreleased()
            && buffers.released + offered as u64 <= window_end
            && (offered == mss as usize || !self.holds_back(self.nagle_by_options()))
            && self.packets_in_flight() < self.cwnd_segments()
            && !self.pacing.is_early(context.now)
            && queued + offered <= self.send_share(context.memory)
            && self.has_room(context, queued)
    }

    /// They are queued and released in one go: what [`fill`](Self::fill), `push` and `release_text` come to then.
    #[inline]
    fn let_go_at_once(&mut self, context: &Context<'_>, length: u32) {
        self.restart_after_idle(context);
        let mss = self.current_segment_size();
        let (was_idle, latest) = (self.packets_in_flight() == 0, self.send_buffers.latest);
        self.send_buffers.push_now = false;
        self.send_buffers.push_and_release(length, mss, context.now);
        self.text_departs(context, length);
        if length < mss {
            self.send_buffers.small = self.send_buffers.released;
        }
        self.recovery.sent(1);
        if was_idle && let Some(latest) = latest {
            self.congestion.resumed(latest, context.now);
        }
        let buffers = &self.send_buffers;
        let limited = self.packets_in_flight() >= self.cwnd_segments();
        self.cwnd_validation.note(
            limited,
            buffers.packets_out,
            self.una_offset,
            buffers.released,
        );
    }

    /// More than half of the peer's largest window was written since the last push (Linux's `forced_push`): it must not wait for
    /// the rest of a write that it has no room for.
    fn must_push(&self) -> bool {
        self.send_buffers.written() > self.send_buffers.pushed + u64::from(self.snd.max_wnd / 2)
    }

    /// What was written up to here is to be handed to the reader.
    fn mark_push(&mut self) {
        self.send_buffers.pushed = self.send_buffers.written();
        if let Some((_, tail)) = self.send_buffers.tail() {
            tail.push = true;
        }
    }

    /// Bytes that the send queue may hold, each buffer counted with its overhead: Linux's `sk_sndbuf`.
    pub fn send_buffer(&self, sysctls: &Sysctls) -> usize {
        if let Some(asked) = self.options.send_buffer {
            return (2 * asked.min(sysctls.wmem_max)).max(LEAST);
        }
        let usual = sysctls.tcp_wmem.usual;
        let least = self.room_for(INITIAL_WINDOW);
        let initial = usual.max(least.min(sysctls.tcp_wmem.most));
        initial.max(self.send_buffers.grown as usize)
    }

    /// Room for twice a window of `segments`, so that the next one can be written while one is out.
    fn room_for(&self, segments: usize) -> usize {
        let segment = self.segment_size as usize + SEGMENT_OVERHEAD.0;
        2 * segments * (segment.next_power_of_two() + SEGMENT_OVERHEAD.1)
    }

    /// A writer waits for room: with the congestion window grows what it may fill.
    fn grow_send_buffer(&mut self, context: &Context<'_>) {
        let cwnd = self.cwnd_segments();
        if self.options.send_buffer.is_none() && self.packets_in_flight() < cwnd {
            let room = self.room_for(INITIAL_WINDOW.max(cwnd as usize));
            let room = room.min(context.sysctls.tcp_wmem.most);
            self.send_buffers.grown = self.send_buffers.grown.max(room as u32);
        }
    }

    /// Nothing was on its way for long: the path may be another now, and its congestion window begins anew (RFC 5681 4.1).
    fn give_back_after_idle(&mut self, context: &Context<'_>) {
        let buffers = &mut self.send_buffers;
        if buffers.grown > 0 && self.send_queue.is_empty() {
            let rto = self.retransmission_timer.rto();
            if buffers.latest.is_some_and(|at| context.now.since(at) > rto) {
                buffers.grown = 0;
            }
        }
    }

    /// What it may claim of the shard's memory.
    fn send_share(&self, memory: MemoryBudget) -> usize {
        memory.send_share(self.send_buffers.grown as usize)
    }

    /// Bytes that its send queue may hold now.
    pub fn send_limit(&self, sysctls: &Sysctls, memory: MemoryBudget) -> usize {
        self.send_buffer(sysctls).min(self.send_share(memory))
    }

    /// Bytes held, overhead included: Linux's `sk_wmem_queued`.
    fn held_to_send(&self, bytes: usize) -> usize {
        bytes + self.send_buffers.len() * BUFFER_OVERHEAD
    }

    /// Whether another buffer may be begun, with `bytes` held.
    fn has_room(&self, context: &Context<'_>, bytes: usize) -> bool {
        let unsent = self.send_buffers.unreleased();
        self.held_to_send(bytes) < self.send_buffer(context.sysctls)
            && unsent < u64::from(self.notsent_lowat(context.sysctls))
    }

    fn notsent_lowat(&self, sysctls: &Sysctls) -> u32 {
        let set = self.options.notsent_lowat.filter(|&bytes| bytes > 0);
        // With 0 nothing could ever be written, as it is on Linux.
        set.unwrap_or(sysctls.tcp_notsent_lowat).max(1)
    }

    /// Whether a writer that waited is told to go on: a third of the send queue is free, and less than half of what may lie
    /// unsent does (Linux's `sk_stream_is_writeable`).
    pub(crate) fn is_writable(&self, sysctls: &Sysctls, memory: MemoryBudget) -> bool {
        let bytes = self.send_queue.len();
        let held = self.held_to_send(bytes);
        let limit = self.send_buffer(sysctls);
        let twice_unsent = 2 * self.send_buffers.unreleased();
        held + held / 2 <= limit
            && bytes + bytes / 2 <= self.send_share(memory)
            && twice_unsent < u64::from(self.notsent_lowat(sysctls))
    }

    /// Wakes a writer when a good part of the send queue is free again, not for every few bytes.
    pub(crate) fn wake_writer_if_roomy(&mut self, context: &Context<'_>) {
        if !self.wants.writable {
            return;
        }
        self.grow_send_buffer(context);
        if self.is_writable(context.sysctls, context.memory) {
            self.wake_writer();
        }
    }
}
