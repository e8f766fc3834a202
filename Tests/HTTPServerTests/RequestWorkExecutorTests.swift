import Foundation
import HTTPProtocol
import HTTPServer
import Testing

@Suite struct RequestWorkExecutorTests {
    @Test("never more jobs than the width run at once, and all of them run", arguments: [1, 2, 5])
    func width(width: Int) async {
        let executor = RequestWorkExecutor(width: width)
        let (running, most, done) = (Counter(), Counter(), Counter())
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<200 {
                group.addTask(executorPreference: executor) {
                    let now = running.add()
                    if now > most.value { most.add(now - most.value) }
                    usleep(200)
                    running.add(-1)
                    done.add()
                }
            }
        }
        #expect(done.value == 200)
        #expect(most.value <= width)
    }

    @Test("a task that waits occupies no thread")
    func suspension() async {
        let executor = RequestWorkExecutor(width: 1)
        let gate = Gate()
        let waiting = Task(executorPreference: executor) { await gate.wait() }
        let passed = Task(executorPreference: executor) { true }
        #expect(await passed.value)
        gate.open()
        #expect(await waiting.value)
    }

    @Test("the backlog tells how many jobs wait, and how long the next one will wait for them")
    func backlog() async {
        let began = Counter()
        let executor = RequestWorkExecutor(width: 2, onWork: { began.add() })
        #expect(executor.backlog == Backlog())
        for _ in 0..<200 { await Task(executorPreference: executor) { _ = usleep(2_000) }.value }
        #expect(began.value > 0)
        let held = Gate()
        let tasks = (0..<12).map { _ in
            Task(executorPreference: executor) {
                // Two of them hold the two threads.
                for _ in 0..<5_000 where !held.isOpened { usleep(1_000) }
            }
        }
        for _ in 0..<500 where executor.backlog.jobs != 10 { usleep(1_000) }
        let backlog = executor.backlog
        #expect(backlog.jobs == 10)
        // Ten jobs of 2 ms and more on two threads.
        #expect(backlog.delay > .milliseconds(9) && backlog.delay < .seconds(5), "\(backlog.delay)")
        held.open()
        for task in tasks { await task.value }
        #expect(executor.backlog.jobs == 0)
    }

    @Test("jobs run in the order in which they came")
    func order() async {
        let executor = RequestWorkExecutor(width: 1)
        let (count, disorder) = (Counter(), Counter())
        let tasks = (0..<100).map { number in
            Task(executorPreference: executor) {
                if count.add() != number + 1 { disorder.add() }
            }
        }
        for task in tasks { await task.value }
        #expect(disorder.value == 0)
    }
}
