/// Why a role has, or lacks, the privileges of one object.
package struct Explanation: Sendable, Hashable {
    package var role: String
    /// Kind and name, such as `table shop.orders`.
    package var object: String
    package var owner: String
    package var privileges: [PrivilegeExplanation]
    /// USAGE on the object's schema, without which nothing of the object can be reached.
    package var schema: PrivilegeExplanation?
    package var acl: [ACLLine]
    /// What is granted on objects yet to be made, the parts of `\ddp` that concern this one.
    package var defaults: [DefaultGrants]
    /// Sentences about what else decides.
    package var notes: [String]

    package init(
        role: String,
        object: String,
        owner: String,
        privileges: [PrivilegeExplanation],
        schema: PrivilegeExplanation? = nil,
        acl: [ACLLine] = [],
        defaults: [DefaultGrants] = [],
        notes: [String] = []
    ) {
        self.role = role
        self.object = object
        self.owner = owner
        self.privileges = privileges
        self.schema = schema
        self.acl = acl
        self.defaults = defaults
        self.notes = notes
    }

    /// Whether the role, as it logs in, can use one of the privileges asked for.
    package var isGranted: Bool {
        schema.map { $0.effective == .yes } ?? true
            && privileges.contains { $0.effective == .yes }
    }
}

/// Why a role has, or lacks, one privilege on one object.
package struct PrivilegeExplanation: Sendable, Hashable {
    /// In the words of GRANT.
    package var privilege: String
    /// Kind and name of the object.
    package var object: String
    package var effective: Effective
    /// First those that hold without further ado, then those by SET ROLE, then those blocked.
    package var ways: [Way]
    /// For a privilege that is lacking: who can grant it, and how.
    package var cures: [Cure]
    /// Others who may run the cures: the owner's members, holders of the grant option.
    package var grantors: [String]
    /// Why the owner lacks what owners have.
    package var note: String?

    package init(
        privilege: String,
        object: String,
        effective: Effective,
        ways: [Way],
        cures: [Cure] = [],
        grantors: [String] = [],
        note: String? = nil
    ) {
        self.privilege = privilege
        self.object = object
        self.effective = effective
        self.ways = ways
        self.cures = cures
        self.grantors = grantors
        self.note = note
    }
}

/// One way by which a privilege comes to a role.
package struct Way: Sendable, Hashable {
    /// What gives the privilege to the last role of the way.
    package enum Source: Sendable, Hashable {
        case superuser
        /// By an entry of the ACL: to the role, by its owner to itself, or to PUBLIC.
        case granted(isPublic: Bool, by: String, isGrantable: Bool, isDefault: Bool, isOwner: Bool)
        /// By being one of the roles that come with the server, such as `pg_read_all_data`.
        case predefined
        /// Nobody asks for the privilege; the sentence says why.
        case unchecked(String)
    }

    /// Whether the way is open.
    package enum Passage: Sendable, Hashable {
        case open
        case afterSetRole(String)
        /// The number of the first link that lets nothing through, from 0.
        case blocked(at: Int)
    }

    package var links: [MembershipLink]
    package var passage: Passage
    /// The role at the end of the links.
    package var holder: String
    package var source: Source
    /// The column that the entry is for, where it is not for the whole relation.
    package var column: String?

    package init(
        links: [MembershipLink],
        passage: Passage,
        holder: String,
        source: Source,
        column: String? = nil
    ) {
        self.links = links
        self.passage = passage
        self.holder = holder
        self.source = source
        self.column = column
    }
}

/// A role's membership in another, a step of a way.
package struct MembershipLink: Sendable, Hashable {
    package var member: String
    package var group: String
    package var inherits: Bool
    package var canSet: Bool
    package var isAdmin: Bool
    /// Who granted it; empty for the database owner's membership in `pg_database_owner`.
    package var grantors: [String]
    /// Whether it is the member's own NOINHERIT that keeps the privileges away (up to 15).
    package var isByAttribute: Bool

    package init(
        member: String,
        group: String,
        inherits: Bool,
        canSet: Bool,
        isAdmin: Bool,
        grantors: [String],
        isByAttribute: Bool
    ) {
        self.member = member
        self.group = group
        self.inherits = inherits
        self.canSet = canSet
        self.isAdmin = isAdmin
        self.grantors = grantors
        self.isByAttribute = isByAttribute
    }
}

/// An entry of an ACL, its letters with their words.
package struct ACLLine: Sendable, Hashable {
    package struct Entry: Sendable, Hashable {
        /// The letter, and `*` if it may be granted on.
        package var letters: String
        package var privilege: String

        package init(letters: String, privilege: String) {
            self.letters = letters
            self.privilege = privilege
        }
    }

    /// `nil` for PUBLIC.
    package var grantee: String?
    package var grantor: String
    package var entries: [Entry]
    package var column: String?

    package init(grantee: String?, grantor: String, entries: [Entry], column: String? = nil) {
        self.grantee = grantee
        self.grantor = grantor
        self.entries = entries
        self.column = column
    }
}

/// What a role's new objects of one kind are open to from the start (`ALTER DEFAULT PRIVILEGES`).
package struct DefaultGrants: Sendable, Hashable {
    package var creator: String
    /// `nil` where they hold in every schema.
    package var schema: String?
    /// What they are for, such as `tables`.
    package var objects: String
    package var acl: [ACLLine]

    package init(creator: String, schema: String?, objects: String, acl: [ACLLine]) {
        self.creator = creator
        self.schema = schema
        self.objects = objects
        self.acl = acl
    }
}
