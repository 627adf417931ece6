/** What is said here of FHIR R4 (4.0.1, hl7.org/fhir/R4): the fields that an export fills, with R4's names, codes and cardinalities. */

export interface Reference {
  readonly reference: string;
}

interface Identifier {
  readonly system: string;
  readonly value: string;
}

interface Identified {
  readonly id: string;
  readonly identifier: readonly Identifier[];
}

export interface Communication extends Identified {
  readonly resourceType: 'Communication';
  readonly status: 'completed';
  readonly subject: Reference;
  readonly topic?: { readonly text: string };
  readonly sent: string;
  readonly sender: Reference;
  readonly payload?: readonly (
    | { readonly contentString: string }
    | { readonly contentReference: Reference }
  )[];
}

export interface DocumentReference extends Identified {
  readonly resourceType: 'DocumentReference';
  readonly status: 'current';
  readonly subject: Reference;
  readonly date: string;
  readonly author: readonly Reference[];
  readonly description?: string;
  readonly content: readonly [
    {
      readonly attachment: {
        readonly contentType: string;
        readonly title: string;
        readonly size?: number;
        readonly url?: string;
      };
    },
  ];
}

export type PartyResource =
  | (Identified & { readonly resourceType: 'Patient' | 'Practitioner' })
  | (Identified & { readonly resourceType: 'RelatedPerson'; readonly patient: Reference });

export type Resource = Communication | DocumentReference | PartyResource;
