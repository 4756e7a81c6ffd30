//! Notices: sent to whoever listens, never stored.

use async_nats::{Message, Subscriber};
use bytes::Bytes;
use futures::StreamExt as _;
use model::{OrgId, RunId};

use super::{Inner, connection::Outgoing, failure::Failure};
use crate::{JournalError, Notice, Subscription, subject};

impl Inner {
    pub(super) async fn tell(&self, notice: Notice) -> Result<(), JournalError> {
        self.send("tell", subject::live(&notice.org, notice.run), notice.payload)
            .await
    }

    pub(super) async fn tell_cancelled(&self, org: &OrgId, run: RunId) -> Result<(), JournalError> {
        self.send(
            "tell_cancelled",
            subject::control(org, run),
            Bytes::from_static(b"cancelled"),
        )
        .await
    }

    /// Sends without waiting for anyone to hear it.
    async fn send(
        &self,
        operation: &'static str,
        subject: String,
        payload: Bytes,
    ) -> Result<(), JournalError> {
        let message = Outgoing {
            subject,
            headers: async_nats::HeaderMap::new(),
            payload,
        };
        let sent = async {
            self.connection.fit(&message)?;
            self.connection.ready().await?;
            let published = self
                .connection
                .client
                .publish(message.subject, message.payload)
                .await;
            published.map_err(|error| Failure::Unreachable(error.to_string()))
        };
        sent.await
            .map_err(|failure: Failure| failure.into_error(operation))
    }

    pub(super) async fn watch(
        &self,
        org: &OrgId,
        run: Option<RunId>,
    ) -> Result<Subscription<Notice>, JournalError> {
        let subject = run.map_or_else(|| subject::org_live(org), |run| subject::live(org, run));
        let messages = self.listen("watch", subject).await?;
        Ok(Box::pin(messages.filter_map(async |message: Message| {
            let (org, run) = subject::parse_run(&message.subject)?;
            Some(Ok(Notice {
                org,
                run,
                payload: message.payload,
            }))
        })))
    }

    pub(super) async fn watch_cancelled(&self) -> Result<Subscription<(OrgId, RunId)>, JournalError> {
        let messages = self
            .listen("watch_cancelled", subject::ALL_CONTROL.to_owned())
            .await?;
        Ok(Box::pin(messages.filter_map(async |message: Message| {
            Some(Ok(subject::parse_run(&message.subject)?))
        })))
    }

    /// Returns when the server knows that we listen, so that nothing told from then on is missed.
    async fn listen(&self, operation: &'static str, subject: String) -> Result<Subscriber, JournalError> {
        let listening = async {
            self.connection.ready().await?;
            let unreachable = |error: &dyn std::fmt::Display| Failure::Unreachable(error.to_string());
            let subscriber = self
                .connection
                .client
                .subscribe(subject)
                .await
                .map_err(|error| unreachable(&error))?;
            self.connection.settle().await?;
            Ok(subscriber)
        };
        listening
            .await
            .map_err(|failure: Failure| failure.into_error(operation))
    }
}
