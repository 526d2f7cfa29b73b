internal import Glibc

/// A thread of its own that runs the tasks handed to it, one after another.
///
/// libpq blocks; on a thread of its own that harms nobody, on the cooperative thread pool a few
/// statements that wait for locks would stop the whole process.
@safe package final class Lane: TaskExecutor, @unchecked Sendable {
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let wake = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var jobs: [UnownedJob] = []
    private var isStopping = false
    /// A connection that waits here for the next task; no other thread may use it meanwhile.
    package var connection: Connection?
    private var thread = pthread_t()

    /// Starts the thread.
    package init() {
        unsafe pthread_mutex_init(lock, nil)
        unsafe pthread_cond_init(wake, nil)
        let lane = unsafe Unmanaged.passRetained(self).toOpaque()
        unsafe pthread_create(
            &thread,
            nil,
            { lane in
                if let lane = unsafe lane {
                    unsafe Unmanaged<Lane>.fromOpaque(lane).takeRetainedValue().run()
                }
                return nil
            },
            lane
        )
    }

    deinit {
        unsafe lock.deallocate()
        unsafe wake.deallocate()
    }

    /// Hands over the connection that waits here.
    package func takeConnection() -> Connection? {
        defer { connection = nil }
        return connection
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        locked {
            jobs.append(job)
            unsafe pthread_cond_signal(wake)
        }
    }

    /// Lets the queued work finish, then ends the thread.
    package func stop() {
        locked {
            isStopping = true
            unsafe pthread_cond_signal(wake)
        }
        pthread_join(thread, nil)
    }

    private func run() {
        while let job = next() {
            unsafe job.runSynchronously(on: asUnownedTaskExecutor())
        }
    }

    private func next() -> UnownedJob? {
        locked {
            while jobs.isEmpty {
                if isStopping { return nil }
                unsafe pthread_cond_wait(wake, lock)
            }
            return jobs.removeFirst()
        }
    }

    private func locked<Value>(_ body: () -> Value) -> Value {
        unsafe pthread_mutex_lock(lock)
        defer { unsafe pthread_mutex_unlock(lock) }
        return body()
    }
}
