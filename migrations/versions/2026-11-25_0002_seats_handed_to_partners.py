"""seats handed to partners"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import dostyk.core.database
from dostyk.core.text import fold

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def fill_words(words: sa.Table, chunk: int = 2000) -> None:
    """Words and name keys of the people who are there already, in chunks, so that memory stays flat."""
    connection, last = op.get_bind(), 0
    people = sa.text('SELECT id, full_name, search FROM person WHERE id > :last ORDER BY id LIMIT :chunk')
    while rows := connection.execute(people, {'last': last, 'chunk': chunk}).all():
        found = [{'person_id': number, 'word': word} for number, _, search in rows for word in dict.fromkeys(w.strip('@.+')[:100] for w in search.split()) if word]
        if found:
            connection.execute(sa.insert(words), found)
        keys = [{'number': number, 'key': ' '.join(sorted(set(fold(name).split())))[:220]} for number, name, _ in rows]
        connection.execute(sa.text('UPDATE person SET name_key = :key WHERE id = :number'), keys)
        last = rows[-1][0]


def upgrade() -> None:
    op.create_table('upload',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=64), nullable=False),
    sa.Column('subject', sa.String(length=120), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.Column('state', sa.Enum('checking', 'checked', 'applying', 'applied', 'unreadable', name='uploadstate', native_enum=False, length=32), nullable=False),
    sa.Column('report', sa.JSON(), nullable=False),
    sa.Column('at', dostyk.core.database.UTCDateTime(), nullable=False),
    sa.Column('applied_at', dostyk.core.database.UTCDateTime(), nullable=True),
    sa.Column('by_id', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_upload'))
    )
    with op.batch_alter_table('upload', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_upload_at'), ['at'], unique=False)
        batch_op.create_index(batch_op.f('ix_upload_subject'), ['subject'], unique=False)

    op.create_table('upload_row',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('upload_id', sa.Integer(), nullable=False),
    sa.Column('line', sa.Integer(), nullable=False),
    sa.Column('about', sa.String(length=200), nullable=False),
    sa.Column('search', sa.Text(), nullable=False),
    sa.Column('cells', sa.JSON(), nullable=False),
    sa.Column('result', sa.Enum('new', 'changed', 'same', 'contradiction', 'error', name='rowresult', native_enum=False, length=32), nullable=True),
    sa.Column('findings', sa.JSON(), nullable=False),
    sa.Column('changes', sa.JSON(), nullable=False),
    sa.Column('outcome', sa.Enum('done', 'unchanged', 'refused', name='rowoutcome', native_enum=False, length=32), nullable=True),
    sa.Column('said', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['upload_id'], ['upload.id'], name=op.f('fk_upload_row_upload_id_upload')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_upload_row')),
    sa.UniqueConstraint('upload_id', 'line', name=op.f('uq_upload_row_upload_id_line'))
    )
    with op.batch_alter_table('upload_row', schema=None) as batch_op:
        batch_op.create_index('ix_upload_row_result', ['upload_id', 'result', 'line'], unique=False)

    op.create_table('message_template',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=64), nullable=False),
    sa.Column('language', sa.String(length=16), nullable=False),
    sa.Column('cohort_id', sa.Integer(), nullable=True),
    sa.Column('subject', sa.String(length=300), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('edited_at', dostyk.core.database.UTCDateTime(), nullable=False),
    sa.Column('edited_by_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['cohort_id'], ['cohort.id'], name=op.f('fk_message_template_cohort_id_cohort')),
    sa.ForeignKeyConstraint(['edited_by_id'], ['person.id'], name=op.f('fk_message_template_edited_by_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_message_template')),
    sa.UniqueConstraint('kind', 'language', 'cohort_id', name=op.f('uq_message_template_kind_language_cohort_id'))
    )
    with op.batch_alter_table('message_template', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_message_template_cohort_id'), ['cohort_id'], unique=False)
        batch_op.create_index('uq_message_template_everywhere', ['kind', 'language'], unique=True, sqlite_where=sa.text('cohort_id IS NULL'), postgresql_where=sa.text('cohort_id IS NULL'))

    op.create_table('seat_move',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('cohort_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Enum('planned', 'handed_back', 'promoted', name='movekind', native_enum=False, length=32), nullable=False),
    sa.Column('from_country', sa.String(length=2), nullable=True),
    sa.Column('to_country', sa.String(length=2), nullable=True),
    sa.Column('seats', sa.Integer(), nullable=False),
    sa.Column('reason', sa.String(length=300), nullable=False),
    sa.Column('at', dostyk.core.database.UTCDateTime(), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=True),
    sa.CheckConstraint('seats > 0', name=op.f('ck_seat_move_seats_positive')),
    sa.ForeignKeyConstraint(['by_id'], ['person.id'], name=op.f('fk_seat_move_by_id_person')),
    sa.ForeignKeyConstraint(['cohort_id'], ['cohort.id'], name=op.f('fk_seat_move_cohort_id_cohort')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_seat_move'))
    )
    with op.batch_alter_table('seat_move', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_seat_move_cohort_id'), ['cohort_id'], unique=False)

    op.create_table('visa_details',
    sa.Column('enrolment_id', sa.Integer(), nullable=False),
    sa.Column('passport_number', sa.String(length=40), nullable=False),
    sa.Column('passport_expires_on', sa.Date(), nullable=False),
    sa.Column('born_on', sa.Date(), nullable=False),
    sa.Column('citizenship', sa.String(length=2), nullable=False),
    sa.Column('consulate', sa.String(length=120), nullable=False),
    sa.Column('given_at', dostyk.core.database.UTCDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['enrolment_id'], ['enrolment.id'], name=op.f('fk_visa_details_enrolment_id_enrolment')),
    sa.PrimaryKeyConstraint('enrolment_id', name=op.f('pk_visa_details'))
    )
    op.create_table('waiting_entry',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('cohort_id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('country', sa.String(length=2), nullable=False),
    sa.Column('state', sa.Enum('waiting', 'offered', 'confirmed', 'lapsed', 'left', name='waitingstate', native_enum=False, length=32), nullable=False),
    sa.Column('joined_at', dostyk.core.database.UTCDateTime(), nullable=False),
    sa.Column('offered_at', dostyk.core.database.UTCDateTime(), nullable=True),
    sa.Column('offered_until', dostyk.core.database.UTCDateTime(), nullable=True),
    sa.Column('ended_at', dostyk.core.database.UTCDateTime(), nullable=True),
    sa.Column('enrolment_id', sa.Integer(), nullable=True),
    sa.Column('voucher_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("state <> 'offered' OR offered_until IS NOT NULL", name=op.f('ck_waiting_entry_offer_has_an_end')),
    sa.ForeignKeyConstraint(['cohort_id'], ['cohort.id'], name=op.f('fk_waiting_entry_cohort_id_cohort')),
    sa.ForeignKeyConstraint(['enrolment_id'], ['enrolment.id'], name=op.f('fk_waiting_entry_enrolment_id_enrolment')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_waiting_entry_person_id_person')),
    sa.ForeignKeyConstraint(['voucher_id'], ['voucher.id'], name=op.f('fk_waiting_entry_voucher_id_voucher')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_waiting_entry')),
    sa.UniqueConstraint('cohort_id', 'person_id', name=op.f('uq_waiting_entry_cohort_id_person_id'))
    )
    with op.batch_alter_table('waiting_entry', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_waiting_entry_enrolment_id'), ['enrolment_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_waiting_entry_offered_until'), ['offered_until'], unique=False)
        batch_op.create_index('ix_waiting_entry_order', ['cohort_id', 'country', 'state', 'joined_at', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_waiting_entry_person_id'), ['person_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_waiting_entry_voucher_id'), ['voucher_id'], unique=False)

    op.create_table('nominee',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('batch_id', sa.Integer(), nullable=False),
    sa.Column('voucher_id', sa.Integer(), nullable=True),
    sa.Column('full_name', sa.String(length=200), nullable=False),
    sa.Column('own_name', sa.String(length=200), nullable=False),
    sa.Column('sort_name', sa.String(length=220), nullable=False),
    sa.Column('name_key', sa.String(length=220), nullable=False),
    sa.Column('search', sa.Text(), nullable=False),
    sa.Column('birth_year', sa.Integer(), nullable=True),
    sa.Column('sex', sa.Enum('female', 'male', 'not_stated', name='sex', native_enum=False, length=32), nullable=False),
    sa.Column('employer', sa.String(length=300), nullable=False),
    sa.Column('post', sa.String(length=200), nullable=False),
    sa.Column('years_of_service', sa.Integer(), nullable=True),
    sa.Column('email', sa.String(length=255), nullable=False),
    sa.Column('languages', sa.JSON(), nullable=False),
    sa.Column('letter_language', sa.String(length=16), nullable=False),
    sa.Column('named_at', dostyk.core.database.UTCDateTime(), nullable=False),
    sa.Column('named_by_id', sa.Integer(), nullable=False),
    sa.Column('invited_at', dostyk.core.database.UTCDateTime(), nullable=True),
    sa.Column('reminded_at', dostyk.core.database.UTCDateTime(), nullable=True),
    sa.Column('replaces_id', sa.Integer(), nullable=True),
    sa.Column('ended_at', dostyk.core.database.UTCDateTime(), nullable=True),
    sa.Column('ended_reason', sa.String(length=300), nullable=True),
    sa.ForeignKeyConstraint(['batch_id'], ['batch.id'], name=op.f('fk_nominee_batch_id_batch')),
    sa.ForeignKeyConstraint(['named_by_id'], ['person.id'], name=op.f('fk_nominee_named_by_id_person')),
    sa.ForeignKeyConstraint(['replaces_id'], ['nominee.id'], name=op.f('fk_nominee_replaces_id_nominee')),
    sa.ForeignKeyConstraint(['voucher_id'], ['voucher.id'], name=op.f('fk_nominee_voucher_id_voucher')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_nominee')),
    sa.UniqueConstraint('replaces_id', name=op.f('uq_nominee_replaces_id')),
    sa.UniqueConstraint('voucher_id', name=op.f('uq_nominee_voucher_id'))
    )
    with op.batch_alter_table('nominee', schema=None) as batch_op:
        batch_op.create_index('ix_nominee_batch_sort', ['batch_id', 'sort_name', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_nominee_email'), ['email'], unique=False)
        batch_op.create_index('ix_nominee_same', ['name_key', 'birth_year'], unique=False)

    op.create_table('nominee_decision',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('nominee_id', sa.Integer(), nullable=False),
    sa.Column('finding', sa.Enum('trained_before', 'named_twice', 'over_seats', 'language', 'years_of_service', name='finding', native_enum=False, length=32), nullable=False),
    sa.Column('accepted', sa.Boolean(), nullable=False),
    sa.Column('reason', sa.String(length=300), nullable=False),
    sa.Column('at', dostyk.core.database.UTCDateTime(), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['by_id'], ['person.id'], name=op.f('fk_nominee_decision_by_id_person')),
    sa.ForeignKeyConstraint(['nominee_id'], ['nominee.id'], name=op.f('fk_nominee_decision_nominee_id_nominee')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_nominee_decision')),
    sa.UniqueConstraint('nominee_id', 'finding', name=op.f('uq_nominee_decision_nominee_id_finding'))
    )
    with op.batch_alter_table('batch', schema=None) as batch_op:
        batch_op.add_column(sa.Column('kind', sa.Enum('single', 'group', name='batchkind', native_enum=False, length=32), nullable=False, server_default='single'))
        batch_op.add_column(sa.Column('state', sa.Enum('draft', 'issued', 'closed', name='batchstate', native_enum=False, length=32), nullable=False, server_default='issued'))
        batch_op.add_column(sa.Column('approval', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column('override_reason', sa.String(length=300), nullable=True))
        batch_op.add_column(sa.Column('replaces_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('created_at', dostyk.core.database.UTCDateTime(), nullable=True))
        batch_op.add_column(sa.Column('closed_at', dostyk.core.database.UTCDateTime(), nullable=True))
        batch_op.alter_column('issued_at',
               existing_type=dostyk.core.database.UTCDateTime(),
               nullable=True)
        batch_op.create_index(batch_op.f('ix_batch_replaces_id'), ['replaces_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_batch_replaces_id_enrolment'), 'enrolment', ['replaces_id'], ['id'])
        batch_op.drop_constraint(batch_op.f('ck_batch_quantity_positive'), type_='check')
        batch_op.create_check_constraint(batch_op.f('ck_batch_quantity_not_negative'), 'quantity >= 0')

    op.execute('UPDATE batch SET created_at = issued_at')
    with op.batch_alter_table('batch', schema=None) as batch_op:
        batch_op.alter_column('created_at', existing_type=dostyk.core.database.UTCDateTime(), nullable=False)

    with op.batch_alter_table('redemption', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('uq_redemption_voucher_id_enrolment_id'), type_='unique')
        batch_op.create_unique_constraint(batch_op.f('uq_redemption_voucher_id_enrolment_id_at'), ['voucher_id', 'enrolment_id', 'at'])

    with op.batch_alter_table('cohort', schema=None) as batch_op:
        batch_op.add_column(sa.Column('hand_back_on', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('country_order', sa.JSON(), nullable=False, server_default='[]'))
        batch_op.add_column(sa.Column('confirm_hours', sa.Integer(), nullable=False, server_default='72'))
        batch_op.add_column(sa.Column('replace_until', sa.Date(), nullable=True))

    with op.batch_alter_table('course', schema=None) as batch_op:
        batch_op.add_column(sa.Column('years_of_service', sa.Integer(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('enforced_checks', sa.JSON(), nullable=False, server_default='[]'))

    with op.batch_alter_table('enrolment', schema=None) as batch_op:
        batch_op.add_column(sa.Column('counts_from', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('replaces_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('decided_at', dostyk.core.database.UTCDateTime(), nullable=True))
        batch_op.add_column(sa.Column('decided_by_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('decision_reason', sa.String(length=300), nullable=True))
        batch_op.create_index(batch_op.f('ix_enrolment_replaces_id'), ['replaces_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_enrolment_decided_by_id_person'), 'person', ['decided_by_id'], ['id'])
        batch_op.create_foreign_key(batch_op.f('fk_enrolment_replaces_id_enrolment'), 'enrolment', ['replaces_id'], ['id'])

    with op.batch_alter_table('mail', schema=None) as batch_op:
        batch_op.add_column(sa.Column('person_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('cohort', sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column('again_of_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('hidden', sa.JSON(), nullable=False, server_default='[]'))
        batch_op.add_column(sa.Column('trouble', sa.Enum('unreachable', 'slow', 'encryption', 'sign_in', 'sender', 'dropped', 'busy', 'uncertain', 'address', 'content', 'malformed', name='trouble', native_enum=False, length=32), nullable=True))
        batch_op.add_column(sa.Column('due_at', dostyk.core.database.UTCDateTime(), nullable=True))
        batch_op.add_column(sa.Column('claimed_at', dostyk.core.database.UTCDateTime(), nullable=True))
        batch_op.create_unique_constraint(batch_op.f('uq_mail_again_of_id'), ['again_of_id'])
        batch_op.create_index(batch_op.f('ix_mail_cohort'), ['cohort'], unique=False)
        batch_op.create_index(batch_op.f('ix_mail_person_id'), ['person_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_mail_again_of_id_mail'), 'mail', ['again_of_id'], ['id'])
        batch_op.drop_index(batch_op.f('ix_mail_state'))
        batch_op.create_index('ix_mail_state_due', ['state', 'due_at'], unique=False)

    # Letters that still wait are due at once.
    op.execute('UPDATE mail SET due_at = created_at')
    with op.batch_alter_table('mail', schema=None) as batch_op:
        batch_op.alter_column('due_at',
               existing_type=dostyk.core.database.UTCDateTime(),
               nullable=False)

    with op.batch_alter_table('person', schema=None) as batch_op:
        batch_op.add_column(sa.Column('birth_year', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('merged_into_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('anonymised_at', dostyk.core.database.UTCDateTime(), nullable=True))
        batch_op.add_column(sa.Column('name_key', sa.String(length=220), nullable=False, server_default=''))
        batch_op.create_index('ix_person_same', ['name_key', 'birth_year', 'merged_into_id'], unique=False)
        batch_op.drop_index(batch_op.f('ix_person_email'))
        batch_op.create_index('ix_person_address', ['email', 'merged_into_id'], unique=False)
        batch_op.create_index('ix_person_merged_into_id', ['merged_into_id'], unique=False, sqlite_where=sa.text('merged_into_id IS NOT NULL'), postgresql_where=sa.text('merged_into_id IS NOT NULL'))
        batch_op.create_foreign_key(batch_op.f('fk_person_merged_into_id_person'), 'person', ['merged_into_id'], ['id'])

    words = op.create_table('person_word',
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('word', sa.String(length=100).with_variant(sa.String(length=100, collation='C'), 'postgresql'), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_person_word_person_id_person')),
    sa.PrimaryKeyConstraint('person_id', 'word', name=op.f('pk_person_word')),
    sqlite_with_rowid=False
    )
    fill_words(words)
    with op.batch_alter_table('person_word', schema=None) as batch_op:
        batch_op.create_index('ix_person_word_word', ['word', 'person_id'], unique=False)

    with op.batch_alter_table('voucher', schema=None) as batch_op:
        batch_op.add_column(sa.Column('email', sa.String(length=255), nullable=True))
        batch_op.create_index(batch_op.f('ix_voucher_email'), ['email'], unique=False)


def downgrade() -> None:
    # What the tables of before cannot say: drafts, empty batches, seats that wait or were declined.
    op.execute('UPDATE batch SET issued_at = created_at WHERE issued_at IS NULL')
    op.execute('UPDATE batch SET quantity = 1 WHERE quantity = 0')
    op.execute("UPDATE enrolment SET state = 'withdrawn', withdrawn_at = decided_at, withdrawn_reason = decision_reason WHERE state = 'declined'")
    op.execute("UPDATE enrolment SET state = 'enrolled' WHERE state = 'pending'")
    op.execute('DELETE FROM redemption WHERE id NOT IN (SELECT MIN(id) FROM redemption GROUP BY voucher_id, enrolment_id)')
    with op.batch_alter_table('redemption', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('uq_redemption_voucher_id_enrolment_id_at'), type_='unique')
        batch_op.create_unique_constraint(batch_op.f('uq_redemption_voucher_id_enrolment_id'), ['voucher_id', 'enrolment_id'])

    with op.batch_alter_table('voucher', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_voucher_email'))
        batch_op.drop_column('email')

    with op.batch_alter_table('person_word', schema=None) as batch_op:
        batch_op.drop_index('ix_person_word_word')

    op.drop_table('person_word')
    with op.batch_alter_table('person', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_person_merged_into_id_person'), type_='foreignkey')
        batch_op.drop_index('ix_person_merged_into_id', sqlite_where=sa.text('merged_into_id IS NOT NULL'), postgresql_where=sa.text('merged_into_id IS NOT NULL'))
        batch_op.drop_index('ix_person_address')
        batch_op.create_index(batch_op.f('ix_person_email'), ['email'], unique=False)
        batch_op.drop_index('ix_person_same')
        batch_op.drop_column('name_key')
        batch_op.drop_column('anonymised_at')
        batch_op.drop_column('merged_into_id')
        batch_op.drop_column('birth_year')

    with op.batch_alter_table('mail', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_mail_again_of_id_mail'), type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_mail_person_id'))
        batch_op.drop_index(batch_op.f('ix_mail_cohort'))
        batch_op.drop_constraint(batch_op.f('uq_mail_again_of_id'), type_='unique')
        batch_op.drop_index('ix_mail_state_due')
        batch_op.create_index(batch_op.f('ix_mail_state'), ['state'], unique=False)
        batch_op.drop_column('claimed_at')
        batch_op.drop_column('due_at')
        batch_op.drop_column('trouble')
        batch_op.drop_column('hidden')
        batch_op.drop_column('again_of_id')
        batch_op.drop_column('cohort')
        batch_op.drop_column('person_id')

    with op.batch_alter_table('enrolment', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_enrolment_replaces_id_enrolment'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('fk_enrolment_decided_by_id_person'), type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_enrolment_replaces_id'))
        batch_op.drop_column('decision_reason')
        batch_op.drop_column('decided_by_id')
        batch_op.drop_column('decided_at')
        batch_op.drop_column('replaces_id')
        batch_op.drop_column('counts_from')

    with op.batch_alter_table('course', schema=None) as batch_op:
        batch_op.drop_column('enforced_checks')
        batch_op.drop_column('years_of_service')

    with op.batch_alter_table('cohort', schema=None) as batch_op:
        batch_op.drop_column('replace_until')
        batch_op.drop_column('confirm_hours')
        batch_op.drop_column('country_order')
        batch_op.drop_column('hand_back_on')

    with op.batch_alter_table('batch', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('ck_batch_quantity_not_negative'), type_='check')
        batch_op.create_check_constraint(batch_op.f('ck_batch_quantity_positive'), 'quantity > 0')
        batch_op.drop_constraint(batch_op.f('fk_batch_replaces_id_enrolment'), type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_batch_replaces_id'))
        batch_op.alter_column('issued_at',
               existing_type=dostyk.core.database.UTCDateTime(),
               nullable=False)
        batch_op.drop_column('closed_at')
        batch_op.drop_column('created_at')
        batch_op.drop_column('replaces_id')
        batch_op.drop_column('override_reason')
        batch_op.drop_column('approval')
        batch_op.drop_column('state')
        batch_op.drop_column('kind')

    op.drop_table('nominee_decision')
    with op.batch_alter_table('nominee', schema=None) as batch_op:
        batch_op.drop_index('ix_nominee_same')
        batch_op.drop_index(batch_op.f('ix_nominee_email'))
        batch_op.drop_index('ix_nominee_batch_sort')

    op.drop_table('nominee')
    with op.batch_alter_table('waiting_entry', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_waiting_entry_voucher_id'))
        batch_op.drop_index(batch_op.f('ix_waiting_entry_person_id'))
        batch_op.drop_index('ix_waiting_entry_order')
        batch_op.drop_index(batch_op.f('ix_waiting_entry_offered_until'))
        batch_op.drop_index(batch_op.f('ix_waiting_entry_enrolment_id'))

    op.drop_table('waiting_entry')
    op.drop_table('visa_details')
    with op.batch_alter_table('seat_move', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_seat_move_cohort_id'))

    op.drop_table('seat_move')
    with op.batch_alter_table('message_template', schema=None) as batch_op:
        batch_op.drop_index('uq_message_template_everywhere', sqlite_where=sa.text('cohort_id IS NULL'), postgresql_where=sa.text('cohort_id IS NULL'))
        batch_op.drop_index(batch_op.f('ix_message_template_cohort_id'))

    op.drop_table('message_template')
    with op.batch_alter_table('upload_row', schema=None) as batch_op:
        batch_op.drop_index('ix_upload_row_result')

    op.drop_table('upload_row')
    with op.batch_alter_table('upload', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_upload_subject'))
        batch_op.drop_index(batch_op.f('ix_upload_at'))

    op.drop_table('upload')