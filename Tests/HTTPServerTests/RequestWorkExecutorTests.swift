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
