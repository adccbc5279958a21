//! Streams over the host's own TCP: the bytes arrive, and their journeys hold what can be seen.

use periplus_journey::{Kind, Label, Mark, Outcome, Record, RequestEnd, Station};
use periplus_net::gateway::bind;
use periplus_net::host::{Host, HostListener};
use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::{LocalSet, yield_now};
use tokio::time::timeout;

type Records = Rc<RefCell<Vec<Record>>>;

/// Runs `test` with a listener and what it records.
async fn with_host<F: Future<Output = io::Result<()>>>(
    test: impl FnOnce(HostListener, Records) -> F,
) {
    LocalSet::new()
        .run_until(async {
            let records = Records::default();
            let kept = records.clone();
            let host = Host::new(Some(Box::new(move |record| kept.borrow_mut().push(record))));
            let socket = bind(([127, 0, 0, 1], 0).into()).expect("the host has a port");
            let listener = HostListener::new(socket, host);
            timeout(Duration::from_secs(60), test(listener, records))
                .await
                .expect("it does not hang")
                .expect("nothing fails");
        })
        .await;
}

async fn recorded(records: &Records, how_many: usize) -> Vec<Record> {
    while records.borrow().len() < how_many {
        yield_now().await;
    }
    records.take()
}

#[tokio::test]
async fn a_request_is_recorded_from_the_first_byte_read_to_the_last_the_host_has_taken() {
    with_host(|listener, records| async move {
        let address = listener.local_addr()?;
        let (client, server) = tokio::join!(TcpStream::connect(address), listener.accept());
        let (mut client, mut server) = (client?, server?);
        let journal = server.journal();
        for turn in 0..2u64 {
            client.write_all(b"question").await?;
            let mut question = [0; 8];
            server.read_exact(&mut question).await?;
            assert_eq!(&question, b"question");
            journal.mark(Mark::Request { start: 8 * turn });
            journal.mark(Mark::Label(Label::Protocol("test")));
            journal.mark(Mark::RequestEnd {
                end: 8 * (turn + 1),
                how: RequestEnd::Complete,
            });
            journal.mark(Mark::HandlerCalled);
            server.write_all(b"an answer").await?;
            journal.mark(Mark::Response { start: 9 * turn });
            journal.mark(Mark::ResponseEnd {
                end: 9 * (turn + 1),
            });
            let mut answer = [0; 9];
            client.read_exact(&mut answer).await?;
            assert_eq!(&answer, b"an answer");
        }
        let answered = recorded(&records, 2).await;
        for (number, record) in answered.iter().enumerate() {
            assert_eq!(record.id, number as u64 + 1);
            assert_eq!(
                (record.kind, record.outcome),
                (Kind::Request, Outcome::Answered)
            );
            assert_eq!((record.device, record.protocol), ("host", Some("test")));
            assert_eq!((record.bytes_in, record.bytes_out, record.acked), (8, 9, 9));
            assert_eq!(record.peer, client.local_addr()?);
            assert!(record.server().is_some() && record.tcp.cwnd == 0);
            let sum: Duration = record
                .spine()
                .intervals()
                .iter()
                .map(|i| i.duration())
                .sum();
            assert_eq!(sum, record.total());
        }
        drop((client, server));
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_the_client_does_not_read_waits_in_the_send_queue_and_is_cut_off_with_a_reset()
 {
    with_host(|listener, records| async move {
        let address = listener.local_addr()?;
        let (client, server) = tokio::join!(TcpStream::connect(address), listener.accept());
        let (mut client, mut server) = (client?, server?);
        let journal = server.journal();
        client.write_all(b"?").await?;
        let mut question = [0; 1];
        server.read_exact(&mut question).await?;
        journal.mark(Mark::Request { start: 0 });
        journal.mark(Mark::RequestEnd {
            end: 1,
            how: RequestEnd::Complete,
        });
        journal.mark(Mark::Response { start: 0 });
        let answer = vec![7; 64 << 20];
        let stuck = timeout(Duration::from_millis(200), server.write_all(&answer)).await;
        assert!(
            stuck.is_err(),
            "no host takes so much for a client that does not read"
        );
        server.abort();
        let record = recorded(&records, 1).await.remove(0);
        assert_eq!(record.outcome, Outcome::Reset);
        assert_eq!(record.reason.as_deref(), Some("aborted"));
        assert!(record.bytes_out > 0 && record.bytes_out < answer.len() as u64);
        let last = record.spine().intervals().last().map(|i| i.station);
        assert_eq!(last, Some(Station::SendQueue));
        let peer = record.overlay(Station::Peer).expect("it was waited for");
        assert!(peer.busy > Duration::from_millis(100), "{peer:?}");
        let mut rest = Vec::new();
        let error = client
            .read_to_end(&mut rest)
            .await
            .expect_err("it was cut off");
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn a_stream_that_is_dropped_amid_an_answer_is_reset_and_one_behind_it_is_closed() {
    with_host(|listener, records| async move {
        let address = listener.local_addr()?;
        for is_answered in [false, true] {
            let (client, server) = tokio::join!(TcpStream::connect(address), listener.accept());
            let (mut client, mut server) = (client?, server?);
            let journal = server.journal();
            client.write_all(b"?").await?;
            server.read_exact(&mut [0; 1]).await?;
            journal.mark(Mark::WholeRequest { start: 0, end: 1 });
            journal.mark(Mark::Response { start: 0 });
            server.set_abort_on_drop(true);
            server.write_all(b"!").await?;
            if is_answered {
                server.set_abort_on_drop(false);
                journal.mark(Mark::ResponseEnd { end: 1 });
            }
            drop(server);
            let mut answer = Vec::new();
            let ended = client.read_to_end(&mut answer).await;
            let record = recorded(&records, 1).await.remove(0);
            let reason = record.reason.as_deref();
            if is_answered {
                assert_eq!(
                    (ended?, record.outcome, reason),
                    (1, Outcome::Answered, None)
                );
            } else {
                let error = ended.expect_err("it was cut off");
                assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
                assert_eq!((record.outcome, reason), (Outcome::Reset, Some("aborted")));
            }
        }
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn a_connection_without_a_request_has_a_record_of_its_own() {
    with_host(|listener, records| async move {
        let address = listener.local_addr()?;
        let (client, server) = tokio::join!(TcpStream::connect(address), listener.accept());
        drop(client?);
        let mut server = server?;
        assert_eq!(server.read(&mut [0; 8]).await?, 0);
        drop(server);
        let record = recorded(&records, 1).await.remove(0);
        assert_eq!(
            (record.kind, record.outcome),
            (Kind::Connection, Outcome::Closed)
        );
        Ok(())
    })
    .await;
}
