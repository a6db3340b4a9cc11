//! Messages are begun in the order they arrive.
//!
//! The protocol's library polls handlers in no promised order, and an edit must not overtake another, nor a request an edit before
//! it. Every handler puts its work in line before it first waits, so it is enough that each is polled once as it arrives.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use tower_lsp::jsonrpc::{Request, Response};
use tower_service::Service;

type Answer<E> = Pin<Box<dyn Future<Output = Result<Option<Response>, E>> + Send>>;

/// A service whose calls are begun when they are made.
pub(super) struct Ordered<S>(S);

impl<S> Ordered<S> {
    pub(super) fn new(inner: S) -> Self {
        Self(inner)
    }
}

impl<S> Service<Request> for Ordered<S>
where
    S: Service<Request, Response = Option<Response>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Option<Response>;
    type Error = S::Error;
    type Future = Answer<S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let mut answer: Answer<S::Error> = Box::pin(self.0.call(request));
        // Who waits for it polls it again with a waker of its own.
        match answer.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(done) => Box::pin(std::future::ready(done)),
            Poll::Pending => answer,
        }
    }
}
