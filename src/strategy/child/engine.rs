//! The JavaScript engine with every door of its own shut: limits, no modules, no strings compiled, a
//! bounded queue of jobs, a clock and a random source that are handed in.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use boa_engine::builtins::promise::{OperationType, Promise};
use boa_engine::context::HostHooks;
use boa_engine::context::time::{Clock, JsInstant};
use boa_engine::job::{Job, JobExecutor, PromiseJob};
use boa_engine::module::IdleModuleLoader;
use boa_engine::object::{FunctionObjectBuilder, JsObject};
use boa_engine::property::PropertyDescriptor;
use boa_engine::realm::Realm;
use boa_engine::{Context, JsNativeError, JsResult, JsString, NativeFunction, js_string};

use crate::strategy::child::bag;
use crate::strategy::child::runtime::Runtime;

const LOOPS_MAX: u64 = 1_000_000;
const RECURSION_MAX: usize = 256;
const STACK_VALUES_MAX: usize = 10_000;
const BUFFER_BYTES_MAX: u64 = 16 * 1024 * 1024;
const JOBS_MAX: usize = 10_000;

/// Globals that share memory, block, or show when garbage is collected; none has a use here and each
/// makes a run depend on more than its input.
const REMOVED: [&str; 4] = ["SharedArrayBuffer", "Atomics", "WeakRef", "FinalizationRegistry"];

/// A context for one strategy.
pub(super) fn context(runtime: &Rc<Runtime>) -> JsResult<Context> {
    let mut context = Context::builder()
        .host_hooks(Rc::new(Hooks(Rc::clone(runtime))))
        .clock(Rc::new(EventClock(Rc::clone(runtime))))
        .job_executor(Rc::new(Jobs::default()))
        .module_loader(Rc::new(IdleModuleLoader))
        .can_block(false)
        .build()?;
    let limits = context.runtime_limits_mut();
    limits.set_loop_iteration_limit(LOOPS_MAX);
    limits.set_recursion_limit(RECURSION_MAX);
    limits.set_stack_size_limit(STACK_VALUES_MAX);
    context.insert_data(Rc::clone(runtime));
    let global = context.global_object();
    for name in REMOVED {
        global.delete_property_or_throw(JsString::from(name), &mut context)?;
    }
    let random = NativeFunction::from_fn_ptr(|_, _, context| Ok(Runtime::of(context)?.next_random().into()));
    let math = at_path(&global, "Math")?;
    let random = FunctionObjectBuilder::new(context.realm(), random).name("random").build();
    let random = PropertyDescriptor::builder().value(random).writable(true).configurable(true);
    math.define_property_or_throw(js_string!("random"), random.enumerable(false).build(), &mut context)?;
    Ok(context)
}

/// Runs what promises left behind. At most [`JOBS_MAX`] jobs an event.
pub(super) fn run_jobs(context: &mut Context) -> JsResult<()> {
    let Some(jobs) = context.downcast_job_executor::<Jobs>() else { return Ok(()) };
    let outcome = Rc::clone(&jobs).run_jobs(context);
    jobs.queue.borrow_mut().clear();
    if jobs.refused.take() && outcome.is_ok() {
        return bag::refuse(
            "import() and other asynchronous jobs beyond promises are shut: a strategy is one file",
        );
    }
    outcome
}

fn at_path(global: &JsObject, path: &str) -> JsResult<JsObject> {
    let mut at = global.clone();
    for name in path.split('.') {
        let found = bag::own_value(&at, name).and_then(|value| value.as_object());
        at = found.ok_or_else(|| JsNativeError::error().with_message(format!("the engine has no {path}")))?;
    }
    Ok(at)
}

struct Hooks(Rc<Runtime>);

impl HostHooks for Hooks {
    fn ensure_can_compile_strings(
        &self,
        _realm: Realm,
        _parameters: &[JsString],
        _body: &JsString,
        _direct: bool,
        _context: &mut Context,
    ) -> JsResult<()> {
        bag::refuse("eval and new Function are shut: what runs is what was approved")
    }

    fn promise_rejection_tracker(
        &self,
        promise: &JsObject<Promise>,
        operation: OperationType,
        _context: &mut Context,
    ) {
        let promise = promise.clone().upcast();
        let mut rejected = self.0.rejected.borrow_mut();
        match operation {
            OperationType::Reject => rejected.push(promise),
            OperationType::Handle => rejected.retain(|other| !JsObject::equals(other, &promise)),
        }
    }

    fn local_timezone_offset_seconds(&self, _unix_time_seconds: i64) -> i32 {
        0
    }

    /// Asked before every buffer is made, so it is also the place to make room for it.
    fn max_buffer_size(&self, _context: &mut Context) -> u64 {
        self.0.relieve();
        BUFFER_BYTES_MAX
    }
}

struct EventClock(Rc<Runtime>);

impl Clock for EventClock {
    fn now(&self) -> JsInstant {
        let millis = u64::try_from(self.0.now_millis.get()).unwrap_or(0);
        JsInstant::new(millis / 1000, 0)
    }

    fn system_time_millis(&self) -> i64 {
        self.0.now_millis.get()
    }
}

/// Promise jobs in order, and nothing else: no timer can outlive an event.
#[derive(Default)]
struct Jobs {
    queue: RefCell<VecDeque<PromiseJob>>,
    refused: Cell<bool>,
}

impl JobExecutor for Jobs {
    fn enqueue_job(self: Rc<Self>, job: Job, _context: &mut Context) {
        match job {
            // Beyond the bound the event has failed already; keeping them would only cost memory.
            Job::PromiseJob(job) if self.queue.borrow().len() <= JOBS_MAX => {
                self.queue.borrow_mut().push_back(job);
            }
            Job::PromiseJob(_) => {}
            _ => self.refused.set(true),
        }
    }

    fn run_jobs(self: Rc<Self>, context: &mut Context) -> JsResult<()> {
        let mut done = 0_usize;
        loop {
            let Some(job) = self.queue.borrow_mut().pop_front() else { return Ok(()) };
            done = done.saturating_add(1);
            if done > JOBS_MAX {
                return bag::refuse(format!("more than {JOBS_MAX} promise jobs in one event"));
            }
            job.call(context)?;
        }
    }
}

/// The native getter behind `stack`, taken before any script could replace it.
pub(super) fn stack_getter(context: &mut Context) -> JsResult<JsObject> {
    let prototype = at_path(&context.global_object(), "Error.prototype")?;
    let key = boa_engine::property::PropertyKey::from(js_string!("stack"));
    let getter = prototype.borrow().properties().get(&key).and_then(|property| property.get().cloned());
    let getter = getter.and_then(|getter| getter.as_callable());
    getter.ok_or_else(|| JsNativeError::error().with_message("the engine has no Error stack").into())
}
