import Stores
import TestSupport
import Testing

@Suite struct ConformanceTests {
    @Test(arguments: StoreConformance.all)
    func `SQLite keeps every promise of a store`(claim: StoreClaim) throws {
        let scratch = try Scratch()
        try claim.check(StoreBench(try scratch.fresh()))
    }
}
