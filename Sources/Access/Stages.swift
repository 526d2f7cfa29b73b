internal import Catalog
internal import Postgres
internal import Trials

extension AccessMap {
    /// Returns the stage at which the server stopped, by its own order of work.
    func stage(of error: ServerError, in attempt: StatementAttempt) -> Stage {
        if attempt.isForcingConstraints { return .deferred }
        switch error.sourceFunction {
        case "nextval_internal": return error.isInOurStatement ? .defaults : triggerStage(attempt)
        case "ExecFindPartition": return .partition
        case "ExecWithCheckOptions": return .rowSecurity
        case "ri_ReportViolation": return .afterTriggers
        case "ReportNotNullViolationError": return .notNull
        case "_bt_check_unique", "check_exclusion_or_unique_constraint": return .checksAndIndexes
        default: break
        }
        if !error.isInOurStatement {
            return error.internalQuery != nil && error.context == nil
                ? .afterTriggers : triggerStage(attempt)
        }
        // A domain refuses a value while the row is still being put together, or while the statement
        // is read: nothing that comes after the table's privileges is proven then.
        if error.sqlState.conditionClass == "23", error.table == nil {
            return error.position == nil ? .defaults : .parse
        }
        switch error.sqlState {
        case .notNullViolation: return .notNull
        case .checkViolation, .uniqueViolation, .exclusionViolation: return .checksAndIndexes
        case .foreignKeyViolation: return .afterTriggers
        case .insufficientPrivilege: return .tablePrivilege
        case .sequenceLimitExceeded: return .defaults
        default: return error.position == nil ? .defaults : .parse
        }
    }

    /// Code that the statement set off ran before the row was checked, unless only AFTER triggers
    /// are there; a default's function comes earlier still.
    private func triggerStage(_ attempt: StatementAttempt) -> Stage {
        let triggers = layers(of: attempt)
            .flatMap { snapshot.triggers[$0.relation.oid] ?? [] }
            .filter { trigger in
                trigger.isEnabled && attempt.event.map(trigger.fires) ?? false
            }
        if triggers.isEmpty { return .defaults }
        return triggers.contains(where: \.isBefore) ? .beforeTriggers : .afterTriggers
    }
}
