//! Frames around the boxes of a stage, where the picture leaves room for them.

use ordain_graph::PlanGraph;

use crate::layout::{HEIGHT, Layout, WIDTH};
use crate::sketch::Sketch;

/// What is between a frame and what it holds; at the top there is the name of the stage as well.
const PADDING: i32 = 7;
/// The height of that name.
const NAME: i32 = 12;

/// How many stages are framed.
const MAX_FRAMES: usize = 100;

/// A rectangle by its sides.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) left: i32,
    pub(super) top: i32,
    pub(super) right: i32,
    pub(super) bottom: i32,
}

impl Frame {
    fn around(self, other: Self) -> Self {
        Self {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }

    fn meets(self, other: Self) -> bool {
        self.left < other.right && other.left < self.right && self.top < other.bottom && other.top < self.bottom
    }

    fn holds(self, other: Self) -> bool {
        self.around(other) == self
    }

    fn padded(self) -> Self {
        Self {
            left: self.left - PADDING,
            top: self.top - PADDING - NAME,
            right: self.right + PADDING,
            bottom: self.bottom + PADDING,
        }
    }
}

/// The last part of the name of each stage whose boxes stand together, with its frame; inner stages first.
pub(super) fn frames<'g>(graph: &'g PlanGraph, sketch: &Sketch, layout: &Layout) -> Vec<(&'g str, Frame)> {
    let place = |at: usize| {
        let (left, top) = layout.boxes[at];
        Frame { left, top, right: left + WIDTH, bottom: top + HEIGHT }
    };
    let mut stages: Vec<&str> = graph.stages.iter().map(|stage| stage.as_str()).take(MAX_FRAMES).collect();
    stages.sort_by_key(|stage| (std::cmp::Reverse(stage.matches('/').count()), *stage));
    let mut frames: Vec<(&str, Frame)> = Vec::new();
    for stage in stages {
        let inside = |name: &str| name.strip_prefix(stage).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let (own, others): (Vec<usize>, Vec<usize>) =
            (0..sketch.boxes.len()).partition(|&at| sketch.boxes[at].stage.as_ref().is_some_and(|name| inside(name)));
        let inner = frames.iter().filter(|(name, _)| inside(name)).map(|(_, frame)| *frame);
        let Some(whole) = own.iter().map(|&at| place(at)).chain(inner).reduce(Frame::around) else { continue };
        let frame = whole.padded();
        let free = frame.left >= 0
            && frame.top >= 0
            && frame.right <= layout.width
            && frame.bottom <= layout.height
            && others.iter().all(|&at| !frame.meets(place(at)))
            && frames.iter().all(|(_, other)| frame.holds(*other) || !frame.meets(*other));
        if free {
            frames.push((stage, frame));
        }
    }
    frames.iter_mut().for_each(|(stage, _)| *stage = stage.rsplit('/').next().unwrap_or(stage));
    frames
}
