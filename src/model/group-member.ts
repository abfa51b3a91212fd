/** What a process can be told from all others by. */
export interface ProcessIdentity {
  /** By setting: no other process bears it at the same time. Null: none was set. */
  readonly instance: string | null;
  /** Where process ids mean the same; null where the system does not show it. */
  readonly place: string | null;
  readonly pid: number;
  /** When it began, by the clock of its place: process ids come around again. Null where the system does not show it. */
  readonly startedAt: string | null;
}

/** A member of a consumer group, and the process that it lives in. */
export interface GroupMember {
  readonly group: string;
  readonly memberId: string;
  readonly process: ProcessIdentity;
}

/** Which members of consumer groups read the lanes of sources, as far as the database knows. */
export interface GroupMembers {
  /** Ids of those who have read lanes of the source in this group, and whose process lives no more: that is certain. */
  dead(source: string, group: string): Promise<readonly string[]>;
  /** This process reads these lanes, by name, as this member. */
  note(member: Omit<GroupMember, 'process'>, lanes: readonly string[]): Promise<void>;
}
